//! What an alarm says of the data points of its last periods.

use crate::alarm::Missing;

/// What an alarm says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All is well.
    Ok,
    /// It rings.
    Alarm,
    /// It cannot tell.
    InsufficientData,
}

/// How an alarm makes a state of data points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Out of how many.
    pub of: usize,
    /// How many have to be bad.
    pub bad: usize,
    /// What is made of those that are missing.
    pub missing: Missing,
}

/// Data points that CloudWatch looks at beyond those that it judges, in case some of these are missing. It does not say how many
/// that are; its examples have two.
pub(crate) const MORE: usize = 2;

impl Rule {
    /// The state after `points`, the oldest first: whether each is bad, or missing. `before` is the state until now.
    ///
    /// If enough of them were told, the newest of these decide, whatever is to be made of missing ones. Else those that are missing are
    /// made up, so far as they are needed. Source: "How alarm state is evaluated when data is missing" in
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>
    pub(crate) fn state(self, points: &[Option<bool>], before: State) -> State {
        let told: Vec<bool> = points.iter().rev().flatten().copied().take(self.of).collect();
        let bad = told.iter().filter(|bad| **bad).count();
        let lacking = self.of.saturating_sub(told.len());
        let good = bad < told.len();
        let ok_or = |alarm: bool| if alarm { State::Alarm } else { State::Ok };
        match self.missing {
            _ if bad >= self.bad => State::Alarm,
            _ if lacking == 0 => State::Ok,
            Missing::NotBreaching => State::Ok,
            Missing::Breaching => ok_or(bad.saturating_add(lacking) >= self.bad),
            Missing::Ignore => {
                if good {
                    State::Ok
                } else {
                    before
                }
            }
            Missing::Missing if told.is_empty() => State::InsufficientData,
            Missing::Missing if good => State::Ok,
            // It rings before its time if nothing good came since the bad one, and that is as old as it has to be.
            Missing::Missing => {
                let oldest = points.iter().rev().rposition(|point| *point == Some(true));
                if oldest.is_some_and(|place| place >= self.bad.saturating_sub(1)) {
                    State::Alarm
                } else {
                    before
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each way to treat missing ones makes of points: `0` is good, `X` bad, `-` missing.
    fn states(points: &str, bad: usize) -> String {
        let points: Vec<Option<bool>> = points
            .chars()
            .map(|point| match point {
                '0' => Some(false),
                'X' => Some(true),
                _ => None,
            })
            .collect();
        let kinds = [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
        let letter = |missing| {
            // A state that nothing else leads to stands for the one before.
            let rule = Rule { of: 3, bad, missing };
            let seen = [State::Ok, State::Alarm].map(|before| rule.state(&points, before));
            match seen {
                [State::Ok, State::Ok] => 'o',
                [State::Alarm, State::Alarm] => 'A',
                [State::InsufficientData, State::InsufficientData] => 'i',
                _ => '=',
            }
        };
        kinds.map(letter).into_iter().collect()
    }

    #[test]
    fn three_of_three_have_to_be_bad() {
        assert_eq!(states("0-X-X", 3), "oooo");
        assert_eq!(states("----0", 3), "oooo");
        assert_eq!(states("-----", 3), "i=Ao");
        assert_eq!(states("0XX-X", 3), "AAAA");
        assert_eq!(states("--X--", 3), "A=Ao");
    }

    #[test]
    fn two_of_three_have_to_be_bad() {
        assert_eq!(states("0-X-X", 2), "AAAA");
        assert_eq!(states("00X0X", 2), "AAAA");
        assert_eq!(states("0-X--", 2), "ooAo");
        assert_eq!(states("----0", 2), "ooAo");
        assert_eq!(states("---X-", 2), "A=Ao");
    }
}
