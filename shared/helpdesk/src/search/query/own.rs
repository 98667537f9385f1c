//! The values of the account's own fields
//! ([searching custom ticket fields](https://support.zendesk.com/hc/en-us/articles/4408882086298),
//! [searching custom user and organization fields](https://support.zendesk.com/hc/en-us/articles/4408883318554)).

use super::value::{Filtered, Value};
use super::{Malformed, Operator, time};
use crate::field::{Field, FieldType};
use crate::search::document::field;
use crate::search::{Filter, Kind, analysis};

impl Value<'_> {
    /// A value of any of the account's own fields of tickets: its words, itself, or what an option is called.
    pub(super) fn any_value(&self) -> Filter {
        let named = |of: &&Field| of.kind.has_options();
        let fields = self.names.fields();
        let chosen = fields.iter().copied().filter(named);
        let chosen = chosen.map(|of| self.chosen(&field::of_ticket(of.id), of));
        let words = self.words(&[field::VALUES]).into_iter();
        let any = words.chain([self.exactly(field::VALUES)]).chain(chosen);
        Filter::all([Filter::kind(Kind::Ticket), Filter::any(any)])
    }

    /// The options that are called so.
    fn chosen(&self, name: &str, of: &Field) -> Filter {
        let text = analysis::canonical(&self.term.text);
        let called = of.custom_field_options.iter().filter(|it| {
            let title = analysis::canonical(&it.name);
            // Options within others are called `Hardware::Printer`.
            title == text || title.rsplit("::").next() == Some(text.as_str())
        });
        Filter::is_any(name, called.map(|it| &it.value))
    }

    /// A value of fields of people and organizations; none, if there is no such field.
    pub(super) fn of_profile(&self, key: &str, fields: &[(Kind, &Field)]) -> Filtered {
        let name = field::of_profile(key);
        let any: Result<Vec<Filter>, Malformed> = fields
            .iter()
            .map(|(kind, of)| Ok(Filter::all([Filter::kind(*kind), self.own(&name, *kind, of)?])))
            .collect();
        Ok(Some(any?).filter(|any| !any.is_empty()).map(Filter::any))
    }

    /// A value of a field of the account's own.
    pub(super) fn own(&self, name: &str, kind: Kind, of: &Field) -> Result<Filter, Malformed> {
        let text = analysis::canonical(&self.term.text);
        let of_kind = |filter: Filter| Filter::all([Filter::kind(kind), filter]);
        if self.operator == Operator::Is && text == "*" && !self.term.quoted {
            return Ok(Filter::present(name));
        }
        if self.operator == Operator::Is && text == "none" && of.choice("none").is_none() {
            return Ok(of_kind(Filter::absent(name)));
        }
        match of.kind {
            FieldType::Date => {
                let (now, zone) = (self.names.now(), self.names.zone());
                time::compared_day(name, self.operator, self.term, now, &zone)
            }
            FieldType::Integer | FieldType::Decimal => {
                let number: Option<f64> = text.parse().ok().filter(|it: &f64| it.is_finite());
                let number = number.ok_or_else(|| self.wrong("is not a number"))?;
                Ok(self.number(name, number))
            }
            FieldType::Checkbox => {
                self.equal()?;
                let checked = self.one_of(&["checked", "true", "unchecked", "false"])?;
                let is = Filter::is(name, true);
                Ok(if matches!(checked, "checked" | "true") { is } else { of_kind(!is) })
            }
            FieldType::Multiselect | FieldType::Tagger | FieldType::Dropdown => {
                self.equal()?;
                Ok(Filter::any([self.exactly(name), self.chosen(name, of)]))
            }
            _ => {
                self.equal()?;
                Ok(Filter::any(self.words(&[name]).into_iter().chain([self.exactly(name)])))
            }
        }
    }
}
