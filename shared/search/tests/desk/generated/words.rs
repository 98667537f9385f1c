//! Words, as often as they are met in letters to a helpdesk.

use super::dice::Dice;

/// The most frequent ones, the first of all first.
const COMMON: &str = "the i to my and is a it not of you in for on have with this that we your can be when please \
    was me but as are if an from do at so am hello thank after account or would order will get has no been by email \
    still help how just out what need there they team issue all now one any error support our time any work see could \
    know also again problem payment using try new hi back which use more before use day login up using invoice app \
    should since since about make page password change update only working regards where who then these some other \
    were card address send received number refund first into money screen customer device phone click version add \
    does subscription website file link same log charged message want check set last even reset item install \
    shipping delivery today plan month bill find two report cancel contact product request access user two-factor \
    connection sent shows week open correct attached code browser service wrong settings button system always \
    failed upgrade yesterday computer best possible until without delete data purchase because confirm missing \
    server print printer network wait response return store wifi warranty export import license screenshot crash \
    slow broken expired declined duplicate storage backup sync calendar meeting camera battery charger box cable";

const SYLLABLES: [&str; 32] = [
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va",
    "bre", "cla", "dro", "fli", "gra", "sto", "pla", "tri", "con", "per", "mis", "ver", "lan",
    "mor", "sen", "tal",
];
const ENDINGS: [&str; 8] = ["", "", "s", "ing", "ed", "er", "ly", "tion"];

/// A vocabulary.
pub struct Words {
    common: Vec<&'static str>,
    size: f64,
}

impl Words {
    /// One of so many words.
    pub fn new(size: u32) -> Self {
        Self { common: COMMON.split_whitespace().collect(), size: f64::from(size) }
    }

    /// The word that is met n times as seldom as the first (Zipf's law).
    pub fn word(&self, n: usize) -> String {
        match self.common.get(n) {
            Some(word) => (*word).to_owned(),
            None => rare(n),
        }
    }

    /// Any word.
    pub fn any(&self, dice: &mut Dice) -> String {
        let share = dice.below(1 << 32) as f64 / f64::from(u32::MAX);
        self.word((self.size.ln() * share).exp() as usize - 1)
    }

    /// So many words, as sentences.
    pub fn text(&self, dice: &mut Dice, words: u64) -> String {
        let mut text = String::new();
        let mut ends = true;
        for at in 0..words {
            let word = self.any(dice);
            if ends {
                let mut signs = word.chars();
                text.extend(signs.next().map(|sign| sign.to_ascii_uppercase()));
                text.push_str(signs.as_str());
            } else {
                text.push_str(&word);
            }
            ends = dice.once_in(11);
            text.push_str(if ends || at + 1 == words { ". " } else { " " });
        }
        text
    }

    /// The name of somebody.
    pub fn name(&self, dice: &mut Dice) -> String {
        const FIRST: [&str; 24] = [
            "Amy", "Ben", "Carla", "David", "Elena", "Frank", "Grace", "Hugo", "Ines", "Jonas",
            "Karen", "Luis", "Maria", "Noah", "Olga", "Paul", "Rosa", "Susan", "Tom", "Uma",
            "Vera", "Will", "Yara", "Zoë",
        ];
        let mut last = rare(dice.below(4_000) as usize + 1_000);
        last.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
        format!("{} {last}", dice.pick(&FIRST))
    }
}

/// A word that nobody knows: two to four syllables and an ending.
fn rare(n: usize) -> String {
    let spread = n.wrapping_mul(0x9E37_79B1) & 0xFFFF_FFFF;
    let syllables = 2 + usize::from(n > 1_000) + usize::from(n > 20_000);
    let parts = (0..syllables).map(|at| SYLLABLES[(spread >> (at * 5 + 3)) % 32]);
    parts.chain([ENDINGS[(spread >> 27) % 8]]).collect()
}
