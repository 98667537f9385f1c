//! JSON: elements of an array, or values one after the other. `serde_json` finds where each ends.

use super::{Cut, Filled, object};
use crate::{MAX_ROW, broken};
use ceap_kernel::Fault;
use serde_json::Value;

#[derive(Debug)]
pub struct Json {
    array: bool,
    closed: bool,
    last: Value,
}

impl Json {
    /// Of an array that is open already, or of values one after the other.
    pub fn new(array: bool) -> Self {
        Self { array, closed: false, last: Value::Null }
    }

    pub fn cut(&mut self, window: &[u8], filled: Filled) -> Result<Cut, Fault> {
        let between = |byte: &&u8| byte.is_ascii_whitespace() || (self.array && **byte == b',');
        let blank = window.iter().take_while(between).count();
        if blank > 0 {
            return Ok(Cut::Blank(blank));
        }
        match window.first() {
            None if filled != Filled::End => return Ok(Cut::More),
            None if self.array && !self.closed => {
                return Err(broken("breaks off: its array is not closed"));
            }
            None => return Ok(Cut::End),
            Some(_) if self.closed => return Err(broken("goes on after its array is closed")),
            Some(b']') if self.array => {
                self.closed = true;
                return Ok(Cut::Blank(1));
            }
            Some(_) => {}
        }
        let mut values = serde_json::Deserializer::from_slice(window).into_iter::<Value>();
        let read = values.next();
        let used = values.byte_offset();
        match read {
            // A number may go on in what comes next.
            Some(Ok(value))
                if used == window.len() && value.is_number() && filled != Filled::End =>
            {
                Ok(Cut::More)
            }
            Some(Ok(_)) if used > MAX_ROW => Err(too_long()),
            Some(Ok(value)) => {
                self.last = value;
                Ok(Cut::Row(used))
            }
            Some(Err(error)) if error.is_eof() => match filled {
                Filled::Partly => Ok(Cut::More),
                Filled::Full => Err(too_long()),
                Filled::End => Err(broken("breaks off in the middle of a value")),
            },
            Some(Err(error)) => Err(broken(format!("is not JSON from here on: {error}"))),
            None => Ok(Cut::More),
        }
    }

    pub fn value(&mut self) -> Result<Value, Fault> {
        object(std::mem::take(&mut self.last))
    }
}

fn too_long() -> Fault {
    broken(format!("has a value of more than {MAX_ROW} bytes"))
}
