//! Expressions, read: what they name is put in place of `#names` and `:values`.

use super::Refusal;
use super::item::Item;
use super::lex::{Token, tokens};
use serde_json::Value;
use std::collections::BTreeSet;

/// One step into an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A field.
    Field(String),
    /// A place in a list.
    At(usize),
}

/// Where a value stands in an item.
pub type Path = Vec<Step>;

/// What an expression compares or sets.
#[derive(Debug, Clone)]
pub enum Operand {
    /// What stands there.
    Path(Path),
    /// A value that came with the request.
    Value(Value),
    /// `size(path)`.
    Size(Path),
    /// `if_not_exists(path, operand)`.
    Or(Path, Box<Operand>),
    /// `list_append(operand, operand)`.
    Joined(Box<Operand>, Box<Operand>),
    /// `operand + operand`; the flag makes it a difference.
    Sum(Box<Operand>, Box<Operand>, bool),
}

/// A condition.
#[derive(Debug, Clone)]
pub enum Condition {
    /// `a < b` and its like.
    Compare(Operand, &'static str, Operand),
    /// `a BETWEEN b AND c`.
    Between(Operand, Operand, Operand),
    /// `a IN (b, c)`.
    In(Operand, Vec<Operand>),
    /// `attribute_exists(path)`; the flag makes it `attribute_not_exists`.
    Exists(Path, bool),
    /// `begins_with(a, b)`.
    Begins(Operand, Operand),
    /// `contains(a, b)`.
    Contains(Operand, Operand),
    /// Both.
    And(Box<Condition>, Box<Condition>),
    /// One of them.
    Or(Box<Condition>, Box<Condition>),
    /// Not.
    Not(Box<Condition>),
}

/// One thing that an update does.
#[derive(Debug, Clone)]
pub enum Action {
    /// `SET path = operand`.
    Set(Path, Operand),
    /// `REMOVE path`.
    Remove(Path),
    /// `ADD path value`.
    Add(Path, Value),
}

/// The placeholders of a request, and which of them were used: DynamoDB refuses those that are not.
#[derive(Debug, Default)]
pub struct Given<'a> {
    names: Option<&'a Item>,
    values: Option<&'a Item>,
    used: BTreeSet<String>,
}

impl<'a> Given<'a> {
    /// Those of a request, or of one write of a transaction.
    #[must_use]
    pub fn of(request: &'a Value) -> Self {
        let field = |name: &str| request.get(name).and_then(Value::as_object);
        let (names, values) =
            (field("ExpressionAttributeNames"), field("ExpressionAttributeValues"));
        Self { names, values, used: BTreeSet::new() }
    }

    /// # Errors
    /// `ValidationException`, naming one that no expression used.
    pub fn all_used(&self) -> Result<(), Refusal> {
        let all = [self.names, self.values].into_iter().flatten().flat_map(Item::keys);
        match all.into_iter().find(|name| !self.used.contains(*name)) {
            Some(unused) => Err(Refusal::invalid(format!("{unused} is used by no expression"))),
            None => Ok(()),
        }
    }

    /// A condition; none where there is none.
    ///
    /// # Errors
    /// `ValidationException`.
    pub fn condition(&mut self, text: Option<&Value>) -> Result<Option<Condition>, Refusal> {
        let Some(text) = text.and_then(Value::as_str) else { return Ok(None) };
        let mut parser = Parser::new(text, self)?;
        let condition = parser.either()?;
        parser.end()?;
        Ok(Some(condition))
    }

    /// The paths that a projection names.
    ///
    /// # Errors
    /// `ValidationException`.
    pub fn paths(&mut self, text: Option<&Value>) -> Result<Option<Vec<Path>>, Refusal> {
        let Some(text) = text.and_then(Value::as_str) else { return Ok(None) };
        let mut parser = Parser::new(text, self)?;
        let mut paths = vec![parser.path()?];
        while parser.take(",") {
            paths.push(parser.path()?);
        }
        parser.end()?;
        Ok(Some(paths))
    }

    /// What an update does.
    ///
    /// # Errors
    /// `ValidationException`.
    pub fn actions(&mut self, text: Option<&Value>) -> Result<Vec<Action>, Refusal> {
        let Some(text) = text.and_then(Value::as_str) else { return Ok(Vec::new()) };
        let mut parser = Parser::new(text, self)?;
        let mut actions = Vec::new();
        while let Some(clause) = parser.word(&["SET", "REMOVE", "ADD"]) {
            loop {
                let path = parser.path()?;
                actions.push(match clause {
                    "SET" => {
                        parser.expect("=")?;
                        Action::Set(path, parser.sum()?)
                    }
                    "ADD" => Action::Add(path, parser.value()?),
                    _ => Action::Remove(path),
                });
                if !parser.take(",") {
                    break;
                }
            }
        }
        parser.end()?;
        Ok(actions)
    }
}

struct Parser<'p, 'a> {
    text: &'p str,
    tokens: Vec<Token>,
    at: usize,
    given: &'p mut Given<'a>,
}

impl<'p, 'a> Parser<'p, 'a> {
    fn new(text: &'p str, given: &'p mut Given<'a>) -> Result<Self, Refusal> {
        Ok(Self { text, tokens: tokens(text)?, at: 0, given })
    }

    fn wrong(&self) -> Refusal {
        Refusal::invalid(format!("word {} of `{}`", self.at, self.text))
    }

    fn next(&mut self) -> Result<Token, Refusal> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| self.wrong())?;
        self.at = self.at.saturating_add(1);
        Ok(token)
    }

    /// Takes this sign, if it comes next.
    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(next)) if *next == sign);
        if found {
            self.at = self.at.saturating_add(1);
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.take(sign) { Ok(()) } else { Err(self.wrong()) }
    }

    /// Takes one of these words, if one comes next.
    fn word(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let Some(Token::Word(next)) = self.tokens.get(self.at) else { return None };
        let found = words.iter().find(|word| word.eq_ignore_ascii_case(next)).copied()?;
        self.at = self.at.saturating_add(1);
        Some(found)
    }

    fn end(&self) -> Result<(), Refusal> {
        if self.at == self.tokens.len() { Ok(()) } else { Err(self.wrong()) }
    }

    fn path(&mut self) -> Result<Path, Refusal> {
        let mut path = Vec::new();
        loop {
            let name = match self.next()? {
                Token::Word(name) => name,
                Token::Name(name) => {
                    let named = self.given.names.and_then(|names| names.get(&name));
                    let named = named.and_then(Value::as_str).map(str::to_owned);
                    self.given.used.insert(name);
                    named.ok_or_else(|| self.wrong())?
                }
                _ => return Err(self.wrong()),
            };
            path.push(Step::Field(name));
            while self.take("[") {
                let Token::Word(place) = self.next()? else { return Err(self.wrong()) };
                path.push(Step::At(place.parse().map_err(|_| self.wrong())?));
                self.expect("]")?;
            }
            if !self.take(".") {
                return Ok(path);
            }
        }
    }

    fn value(&mut self) -> Result<Value, Refusal> {
        let Token::Value(name) = self.next()? else { return Err(self.wrong()) };
        let value = self.given.values.and_then(|values| values.get(&name)).cloned();
        self.given.used.insert(name);
        value.ok_or_else(|| self.wrong())
    }

    fn operand(&mut self) -> Result<Operand, Refusal> {
        if matches!(self.tokens.get(self.at), Some(Token::Value(_))) {
            return Ok(Operand::Value(self.value()?));
        }
        let called = matches!(self.tokens.get(self.at.saturating_add(1)), Some(Token::Sign("(")));
        if !called {
            return Ok(Operand::Path(self.path()?));
        }
        let name = self.word(&["size", "if_not_exists", "list_append"]);
        self.expect("(")?;
        let operand = match name {
            Some("size") => Operand::Size(self.path()?),
            Some("if_not_exists") => {
                let path = self.path()?;
                self.expect(",")?;
                Operand::Or(path, Box::new(self.operand()?))
            }
            Some("list_append") => {
                let first = self.operand()?;
                self.expect(",")?;
                Operand::Joined(Box::new(first), Box::new(self.operand()?))
            }
            _ => return Err(self.wrong()),
        };
        self.expect(")")?;
        Ok(operand)
    }

    fn sum(&mut self) -> Result<Operand, Refusal> {
        let first = self.operand()?;
        let less = self.take("-");
        if !less && !self.take("+") {
            return Ok(first);
        }
        Ok(Operand::Sum(Box::new(first), Box::new(self.operand()?), less))
    }

    fn either(&mut self) -> Result<Condition, Refusal> {
        let mut condition = self.both()?;
        while self.word(&["OR"]).is_some() {
            condition = Condition::Or(Box::new(condition), Box::new(self.both()?));
        }
        Ok(condition)
    }

    fn both(&mut self) -> Result<Condition, Refusal> {
        let mut condition = self.one()?;
        while self.word(&["AND"]).is_some() {
            condition = Condition::And(Box::new(condition), Box::new(self.one()?));
        }
        Ok(condition)
    }

    fn one(&mut self) -> Result<Condition, Refusal> {
        if self.word(&["NOT"]).is_some() {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.take("(") {
            let inner = self.either()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let functions = ["attribute_exists", "attribute_not_exists", "begins_with", "contains"];
        if let Some(name) = self.word(&functions) {
            return self.function(name);
        }
        let left = self.operand()?;
        if self.word(&["BETWEEN"]).is_some() {
            let low = self.operand()?;
            self.word(&["AND"]).ok_or_else(|| self.wrong())?;
            return Ok(Condition::Between(left, low, self.operand()?));
        }
        if self.word(&["IN"]).is_some() {
            self.expect("(")?;
            let mut all = vec![self.operand()?];
            while self.take(",") {
                all.push(self.operand()?);
            }
            self.expect(")")?;
            return Ok(Condition::In(left, all));
        }
        match self.next()? {
            Token::Sign(sign @ ("=" | "<>" | "<" | "<=" | ">" | ">=")) => {
                Ok(Condition::Compare(left, sign, self.operand()?))
            }
            _ => Err(self.wrong()),
        }
    }

    fn function(&mut self, name: &str) -> Result<Condition, Refusal> {
        self.expect("(")?;
        let condition = match name {
            "attribute_exists" => Condition::Exists(self.path()?, false),
            "attribute_not_exists" => Condition::Exists(self.path()?, true),
            _ => {
                let whole = self.operand()?;
                self.expect(",")?;
                let part = self.operand()?;
                match name {
                    "begins_with" => Condition::Begins(whole, part),
                    _ => Condition::Contains(whole, part),
                }
            }
        };
        self.expect(")")?;
        Ok(condition)
    }
}
