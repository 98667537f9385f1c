//! Where in the markup each output stands, and whether a value may stand there.
//!
//! Escaping makes a value inert between tags and in quoted attributes, and nowhere else (OWASP, Cross
//! Site Scripting Prevention: "dangerous contexts"). This scan follows the tokenizer of the HTML
//! standard (§13.2.5) over the fixed text of a template, with Liquid's tags as transparent. Whatever
//! way a rendering takes through the branches and loops, it must pass each output in the same
//! place: the branches of a block must leave the markup as they found it, or all alike.
//!
//! The conditional comments of Outlook (`<!--[if mso]>`) are read as the markup that they are to
//! Outlook; elsewhere they are comments, which an escaped value cannot close.

use super::language::NUMBERS;
use super::markup::{Context, Place, State};
use super::syntax::{Kind, Piece, Problem};
use super::words::Word;
use std::collections::BTreeSet;

/// The context of each output, by its place among `pieces`.
pub(super) fn contexts(
    pieces: &[Piece],
    captured: &BTreeSet<String>,
) -> Result<Vec<Option<Context>>, Problem> {
    let mut scan = Scan::default();
    let mut contexts = Vec::with_capacity(pieces.len());
    let mut opened = 1_usize;
    for piece in pieces {
        let mut context = None;
        let step = match piece.kind {
            Kind::Comment => Ok(()),
            Kind::Text => {
                let mut line = piece.line;
                for c in piece.text.chars() {
                    if scan.state.place == Place::Text {
                        opened = line;
                    }
                    scan.state.feed(c);
                    line = line.saturating_add(usize::from(c == '\n'));
                }
                Ok(())
            }
            Kind::Output => {
                let alone = matches!(piece.words.as_slice(), [word] if
                    word.name().is_some_and(|name| captured.contains(name)));
                scan.state.output(number(&piece.words), alone).map(|found| context = Some(found))
            }
            Kind::Tag => scan.tag(piece),
        };
        step.map_err(|message| Problem::new(piece.line, message))?;
        contexts.push(context);
    }
    if scan.state.place != Place::Text {
        let what = scan.state.what();
        return Err(Problem::new(opened, format!("ends inside {what}; close it")));
    }
    if scan.state.foreign > 0 {
        return Err(Problem::new(opened, "ends inside `svg` or `math`; close it"));
    }
    Ok(contexts)
}

/// Whether an output is a number, whatever its value.
fn number(words: &[Word]) -> bool {
    let last = words.windows(2).rev().find(|pair| pair.first().is_some_and(|it| it.is('|')));
    let last = last.and_then(|pair| pair.get(1)?.name());
    last.is_some_and(|filter| NUMBERS.contains(&filter))
}

/// An open block of Liquid.
#[derive(Debug)]
enum Block {
    /// `if`, `unless`, `case` and `ifchanged`: where it began, where its branches so far ended,
    /// whether one of them is always taken, and whether a branch is open.
    Branches { start: State, end: Option<State>, always: bool, open: bool },
    /// `for`: a turn must end where it began.
    Loop { start: State },
    /// `capture`: where the template goes on.
    Capture { outer: State },
}

#[derive(Debug, Default)]
struct Scan {
    state: State,
    blocks: Vec<Block>,
}

const BRANCHES: &str = "the branches and turns of a block must leave the markup in one place: open \
                        and close a tag, a comment or a quote within the same branch";

impl Scan {
    fn tag(&mut self, piece: &Piece) -> Result<(), String> {
        let start = self.state.clone();
        match piece.name.as_str() {
            "if" | "unless" | "ifchanged" => {
                self.blocks.push(Block::Branches { start, end: None, always: false, open: true });
            }
            "case" => {
                self.blocks.push(Block::Branches { start, end: None, always: false, open: false });
            }
            "for" => self.blocks.push(Block::Loop { start }),
            "capture" => {
                self.blocks.push(Block::Capture { outer: start });
                self.state = State::default();
            }
            "elsif" | "when" => self.branch(false)?,
            "else" => self.branch(true)?,
            "endcapture" => {
                if self.state != State::default() {
                    return Err(format!("the captured text ends inside {}", self.state.what()));
                }
                if let Some(Block::Capture { outer }) = self.blocks.pop() {
                    self.state = outer;
                }
            }
            "endif" | "endunless" | "endifchanged" | "endcase" | "endfor" => self.end()?,
            "break" | "continue" => {
                // What follows in the turn is left out, after a `capture` too.
                let outer = self.blocks.iter().rev().find_map(|block| match block {
                    Block::Loop { start } => Some(Some(start)),
                    Block::Capture { .. } => Some(None),
                    Block::Branches { .. } => None,
                });
                if outer.flatten() != Some(&self.state) {
                    return Err(format!("`{}` must stand in a loop; {BRANCHES}", piece.name));
                }
            }
            "render" if self.state != State::default() => {
                return Err(format!(
                    "a partial may be rendered between tags only, not inside {}",
                    self.state.what()
                ));
            }
            "increment" | "decrement" => drop(self.state.output(true, false)?),
            "cycle" => self.cycle(&piece.words)?,
            _ => {}
        }
        Ok(())
    }

    /// The engine shows what a `cycle` names as it is, so only fixed texts without markup.
    fn cycle(&self, words: &[Word]) -> Result<(), String> {
        let fixed = words.iter().enumerate().all(|(n, word)| match word {
            Word::Path(..) => words.get(n.saturating_add(1)).is_some_and(|next| next.is(':')),
            Word::Text(text) => !text.contains(['<', '>', '"', '\'']),
            Word::Literal | Word::Sign(_) => true,
        });
        if !fixed {
            return Err("in HTML `cycle` takes fixed texts without < > \" ' only".to_owned());
        }
        self.state.output(true, false).map(|_| ())
    }

    fn branch(&mut self, last: bool) -> Result<(), String> {
        match self.blocks.last_mut() {
            Some(Block::Branches { start, end, always, open }) => {
                let ended = std::mem::replace(&mut self.state, start.clone());
                // What stands between `case` and its first `when` is never shown.
                if *open {
                    *end = Some(meet(end.take(), ended)?);
                }
                (*always, *open) = (last, true);
                Ok(())
            }
            Some(Block::Loop { start }) if *start != self.state => Err(BRANCHES.to_owned()),
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), String> {
        match self.blocks.pop() {
            Some(Block::Branches { start, end, always, open }) => {
                let ended = if open { std::mem::take(&mut self.state) } else { start.clone() };
                let ended = meet(end, ended)?;
                self.state = if always { ended } else { meet(Some(start), ended)? };
                Ok(())
            }
            Some(Block::Loop { start }) if start != self.state => Err(BRANCHES.to_owned()),
            _ => Ok(()),
        }
    }
}

fn meet(one: Option<State>, other: State) -> Result<State, String> {
    match one {
        Some(one) => one.join(other).ok_or_else(|| BRANCHES.to_owned()),
        None => Ok(other),
    }
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
