//! Numbers of call scripts (corpus/README.md, "Calls"): as they are written, and as the bits of a type.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    I32,
    I64,
    F32,
    F64,
}

impl Number {
    pub fn named(name: &str) -> Option<Number> {
        match name {
            "i32" => Some(Number::I32),
            "i64" => Some(Number::I64),
            "f32" => Some(Number::F32),
            "f64" => Some(Number::F64),
            _ => None,
        }
    }

    /// The bits that belong to a value of the type.
    pub fn truncate(self, bits: u64) -> u64 {
        match self {
            Number::I32 | Number::F32 => bits & 0xffff_ffff,
            Number::I64 | Number::F64 => bits,
        }
    }

    pub fn is_nan(self, bits: u64) -> bool {
        match self {
            Number::F32 => f32::from_bits(bits as u32).is_nan(),
            Number::F64 => f64::from_bits(bits).is_nan(),
            Number::I32 | Number::I64 => false,
        }
    }
}

/// How memory is read or written: little-endian, without alignment. The small ones become i32.
#[derive(Clone, Copy)]
pub struct Access {
    pub bytes: usize,
    pub signed: bool,
    pub number: Number,
}

impl Access {
    pub fn named(name: &str) -> Option<Access> {
        let (bytes, signed, number) = match name {
            "i8" => (1, true, Number::I32),
            "u8" => (1, false, Number::I32),
            "i16" => (2, true, Number::I32),
            "u16" => (2, false, Number::I32),
            "i32" | "u32" => (4, false, Number::I32),
            "i64" => (8, false, Number::I64),
            "f32" => (4, false, Number::F32),
            "f64" => (8, false, Number::F64),
            _ => return None,
        };
        Some(Access { bytes, signed, number })
    }

    /// `bytes` has as many as the access reads.
    pub fn load(self, bytes: &[u8]) -> u64 {
        let mut word = [0; 8];
        word[..self.bytes].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(word);
        let unused = 64 - 8 * self.bytes as u32;
        if self.signed { ((bits << unused) as i64 >> unused) as u32 as u64 } else { bits }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Literal {
    Positive(u64),
    Negative(i64),
    Float(f64),
}

impl Literal {
    /// `64`, `"0x40"`, `"nan"`, `2.5`, or with its type `{"i64": …}`.
    pub fn read(json: &Value) -> Result<(Literal, Option<Number>), String> {
        if let Some(object) = json.as_object() {
            let one = object.iter().next().filter(|_| object.len() == 1);
            let (name, value) = one.ok_or("a number with its type is written as {\"i64\": 1}")?;
            let number = Number::named(name).ok_or_else(|| format!("unknown type '{name}'"))?;
            return Ok((Literal::read(value)?.0, Some(number)));
        }
        let literal = match json {
            Value::String(text) => Literal::from_text(text),
            _ => json
                .as_u64()
                .map(Literal::Positive)
                .or_else(|| json.as_i64().map(Literal::Negative))
                .or_else(|| json.as_f64().map(Literal::Float)),
        };
        Ok((literal.ok_or_else(|| format!("{json} is not a number"))?, None))
    }

    pub fn from_text(text: &str) -> Option<Literal> {
        let (digits, negative) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
        let signed = |value: f64| Some(Literal::Float(if negative { -value } else { value }));
        match digits {
            "inf" => return signed(f64::INFINITY),
            "nan" => return signed(f64::NAN),
            _ if !digits.starts_with(|c: char| c.is_ascii_digit()) => return None,
            _ => {}
        }
        let magnitude = match digits.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        match magnitude {
            Ok(magnitude) if !negative || magnitude == 0 => Some(Literal::Positive(magnitude)),
            Ok(magnitude) if magnitude <= 1 << 63 => Some(Literal::Negative((magnitude as i64).wrapping_neg())),
            _ if digits.contains(['.', 'e', 'E']) => signed(digits.parse().ok()?),
            _ => None,
        }
    }

    /// -1 and 4294967295 are the same i32.
    pub fn bits(self, number: Number) -> Result<u64, String> {
        match number {
            Number::I32 => self.integer(32),
            Number::I64 => self.integer(64),
            Number::F32 => Ok(u64::from((self.float() as f32).to_bits())),
            Number::F64 => Ok(self.float().to_bits()),
        }
    }

    pub fn integer(self, width: u32) -> Result<u64, String> {
        let ones = u64::MAX >> (64 - width);
        match self {
            Literal::Positive(value) if value <= ones => Ok(value),
            Literal::Negative(value) if width == 64 || value >= -(1 << (width - 1)) => Ok(value as u64 & ones),
            _ => Err(format!("{self:?} does not fit {width} bits")),
        }
    }

    fn float(self) -> f64 {
        match self {
            Literal::Positive(value) => value as f64,
            Literal::Negative(value) => value as f64,
            Literal::Float(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbers_or_nothing() {
        for (text, wanted) in [
            ("64", Some(Literal::Positive(64))),
            ("0x40", Some(Literal::Positive(64))),
            ("-0x8000000000000000", Some(Literal::Negative(i64::MIN))),
            ("-0", Some(Literal::Positive(0))),
            ("18446744073709551615", Some(Literal::Positive(u64::MAX))),
            ("18446744073709551616", None),
            ("-2.5e3", Some(Literal::Float(-2500.0))),
            ("-inf", Some(Literal::Float(f64::NEG_INFINITY))),
            (".5", None),
            ("infinity", None),
            ("", None),
        ] {
            assert_eq!(Literal::from_text(text), wanted, "{text}");
        }
    }

    #[test]
    fn bits_are_those_of_the_type() {
        assert_eq!(Literal::Negative(-1).bits(Number::I32), Ok(0xffff_ffff));
        assert_eq!(Literal::Positive(0xffff_ffff).bits(Number::I32), Ok(0xffff_ffff));
        assert!(Literal::Positive(1 << 32).bits(Number::I32).is_err());
        assert!(Literal::Float(1.5).bits(Number::I64).is_err());
        assert_eq!(Literal::Positive(2).bits(Number::F32), Ok(u64::from(2f32.to_bits())));
        assert_eq!(Access::named("i8").unwrap().load(&[0x80]), 0xffff_ff80);
        assert_eq!(Access::named("u16").unwrap().load(&[1, 0x80]), 0x8001);
    }
}
