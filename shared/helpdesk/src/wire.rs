//! How clients write values: more loosely than they read them.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Tells null from a field that is left out.
///
/// # Errors
/// If the value is none of its type.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Text; a number stands for its digits. Nothing but spaces is nothing.
///
/// # Errors
/// If the value is neither.
pub fn text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(serde::de::Error::custom("must be a string"));
        }
    };
    Ok(Some(text))
}

/// Yes or no; null is as if it were left out.
///
/// # Errors
/// If the value is neither.
pub fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(truth)),
        Value::String(text) if text == "true" => Ok(Some(true)),
        Value::String(text) if text == "false" => Ok(Some(false)),
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom("must be true or false"))
        }
    }
}
