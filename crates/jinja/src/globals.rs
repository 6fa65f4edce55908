//! Jinja2's own globals: `range`, `dict`, `namespace`, `cycler`, `joiner`, `lipsum`.

use std::{any::Any, cell::Cell, fmt};

use crate::{
    Call, Dict, Environment, Error, Key, Kind, Object, Str, Value,
    filters::below,
    function::function,
    value::ops::{self, update_dict},
};

type Result<T> = std::result::Result<T, Error>;

/// How many elements a range may hand out at once.
const MAX_RANGE: usize = if cfg!(fuzzing) { 10_000 } else { 10_000_000 };

/// Adds them all.
pub(crate) fn add(env: &mut Environment) {
    env.add_global("range", class("range", range));
    env.add_global("dict", class("dict", dict));
    env.add_global(
        "namespace",
        class("Namespace", |call| {
            let attributes = dict(call)?;
            match attributes {
                Value::Dict(attributes) => Ok(Value::object(Namespace(attributes))),
                other => Ok(other),
            }
        }),
    );
    env.add_global(
        "cycler",
        class("Cycler", |call| {
            if call.args.is_empty() {
                return Err(Error::other("at least one item has to be provided"));
            }
            Ok(Value::object(Cycler { items: std::mem::take(&mut call.args), at: std::rc::Rc::new(Cell::new(0)) }))
        }),
    );
    env.add_global(
        "joiner",
        class("Joiner", |call| {
            let [separator] = call.bind("Joiner.__init__", 0, ["sep"])?;
            Ok(Value::object(Joiner { separator: separator.unwrap_or_else(|| ", ".into()), used: Cell::new(false) }))
        }),
    );
    env.add_function("lipsum", lipsum);
}

/// A type that makes values when it is called.
struct Class {
    name: &'static str,
    make: fn(&mut Call<'_>) -> Result<Value>,
}

fn class(name: &'static str, make: fn(&mut Call<'_>) -> Result<Value>) -> Value {
    Value::object(Class { name, make })
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            "range" | "dict" => write!(f, "<class '{}'>", self.name),
            name => write!(f, "<class 'jinja2.utils.{name}'>"),
        }
    }
}

impl Object for Class {
    fn type_name(&self) -> &str {
        "type"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        Ok(format!("{self:?}"))
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok(match (self.name, name) {
            ("dict", "fromkeys") => crate::methods::bound(&Value::Dict(Dict::new()), "fromkeys"),
            _ => None,
        })
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Result<Value> {
        (self.make)(call)
    }
}

fn dict(call: &mut Call<'_>) -> Result<Value> {
    if call.args.len() > 1 {
        return Err(Error::type_error(format!("dict expected at most 1 argument, got {}", call.args.len())));
    }
    let dict = Dict::new();
    if let Some(source) = call.args.pop() {
        if !source.is_iterable() && !source.is_undefined() {
            return Err(Error::type_error(format!("'{}' object is not iterable", source.type_name())));
        }
        update_dict(&dict, &source)?;
    }
    for (key, value) in call.kwargs.drain(..) {
        dict.insert(Key::from(key), value);
    }
    Ok(Value::Dict(dict))
}

/// Python's `range`.
struct Range {
    start: i64,
    stop: i64,
    step: i64,
}

fn range(call: &mut Call<'_>) -> Result<Value> {
    if !call.kwargs.is_empty() {
        return Err(Error::type_error("range() takes no keyword arguments"));
    }
    let mut bounds = Vec::with_capacity(3);
    for arg in &call.args {
        bounds.push(arg.as_int().ok_or_else(|| {
            Error::type_error(format!("'{}' object cannot be interpreted as an integer", arg.type_name()))
        })?);
    }
    let (start, stop, step) = match bounds.as_slice() {
        [stop] => (0, *stop, 1),
        [start, stop] => (*start, *stop, 1),
        [_, _, 0] => return Err(Error::value_error("range() arg 3 must not be zero")),
        [start, stop, step] => (*start, *stop, *step),
        [] => return Err(Error::type_error("range expected at least 1 argument, got 0")),
        more => return Err(Error::type_error(format!("range expected at most 3 arguments, got {}", more.len()))),
    };
    Ok(Value::object(Range { start, stop, step }))
}

impl Range {
    fn count(&self) -> usize {
        let (start, stop, step) = (i128::from(self.start), i128::from(self.stop), i128::from(self.step));
        let span = if step > 0 { stop - start } else { start - stop };
        if span <= 0 {
            return 0;
        }
        usize::try_from((span + step.abs() - 1) / step.abs()).unwrap_or(usize::MAX)
    }

    fn at(&self, index: usize) -> Option<Value> {
        let value = i128::from(self.start) + i128::try_from(index).ok()? * i128::from(self.step);
        i64::try_from(value).ok().map(Value::Int)
    }
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            1 => write!(f, "range({}, {})", self.start, self.stop),
            step => write!(f, "range({}, {}, {step})", self.start, self.stop),
        }
    }
}

impl Object for Range {
    fn type_name(&self) -> &str {
        "range"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        Ok(format!("{self:?}"))
    }

    fn len(&self) -> Option<usize> {
        Some(self.count())
    }

    fn is_sequence(&self) -> bool {
        true
    }

    fn values(&self) -> Result<Option<Vec<Value>>> {
        let count = self.count();
        if count > MAX_RANGE {
            return Err(Error::new(Kind::Limit, format!("Range too big. The limit is {MAX_RANGE} elements.")));
        }
        Ok(Some((0..count).filter_map(|index| self.at(index)).collect()))
    }

    fn item(&self, key: &Value) -> Result<Option<Value>> {
        let index = key.as_int().and_then(|at| ops::index(self.count(), at));
        Ok(index.and_then(|index| self.at(index)))
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok(match name {
            "start" => Some(Value::Int(self.start)),
            "stop" => Some(Value::Int(self.stop)),
            "step" => Some(Value::Int(self.step)),
            _ => None,
        })
    }

    fn contains(&self, value: &Value) -> Option<Result<bool>> {
        let wanted = value.as_int()?;
        let (low, high) = if self.step > 0 { (self.start, self.stop) } else { (self.stop + 1, self.start + 1) };
        let offset = i128::from(wanted) - i128::from(self.start);
        Some(Ok(low <= wanted && wanted < high && offset % i128::from(self.step) == 0))
    }

    fn equals(&self, other: &Value) -> Option<Result<bool>> {
        let other = other.downcast::<Self>()?;
        let count = self.count();
        let same = count == other.count()
            && (count == 0 || self.start == other.start && (count == 1 || self.step == other.step));
        Some(Ok(same))
    }
}

/// `namespace(...)`: attributes that may be set from inner scopes.
struct Namespace(Dict);

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Namespace {:?}>", self.0)
    }
}

impl Object for Namespace {
    fn type_name(&self) -> &str {
        "Namespace"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn repr(&self) -> Result<String> {
        Ok(format!("<Namespace {}>", Value::Dict(self.0.clone()).repr()?))
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        self.0.get(name)
    }

    fn set_attribute(&self, name: &str, value: Value) -> Result<()> {
        self.0.insert(name, value);
        Ok(())
    }
}

/// `cycler(...)`
struct Cycler {
    items: Vec<Value>,
    at: std::rc::Rc<Cell<usize>>,
}

impl fmt::Debug for Cycler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<jinja2.utils.Cycler object>")
    }
}

impl Object for Cycler {
    fn type_name(&self) -> &str {
        "Cycler"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        let at = std::rc::Rc::clone(&self.at);
        Ok(match name {
            "current" => self.items.get(at.get()).cloned(),
            "next" => {
                let items = self.items.clone();
                Some(function("next", move |call| {
                    let [] = call.bind("Cycler.next", 0, [])?;
                    let value = items.get(at.get()).cloned().unwrap_or(Value::None);
                    at.set((at.get() + 1) % items.len().max(1));
                    Ok(value)
                }))
            }
            "reset" => Some(function("reset", move |call| {
                let [] = call.bind("Cycler.reset", 0, [])?;
                at.set(0);
                Ok(Value::None)
            })),
            "items" => Some(ops::tuple(self.items.clone())),
            "pos" => Some(Value::from(at.get())),
            _ => None,
        })
    }
}

/// `joiner(...)`
struct Joiner {
    separator: Value,
    used: Cell<bool>,
}

impl fmt::Debug for Joiner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<jinja2.utils.Joiner object>")
    }
}

impl Object for Joiner {
    fn type_name(&self) -> &str {
        "Joiner"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(&self, name: &str) -> Result<Option<Value>> {
        Ok(match name {
            "sep" => Some(self.separator.clone()),
            "used" => Some(Value::Bool(self.used.get())),
            _ => None,
        })
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn call(&self, call: &mut Call<'_>) -> Result<Value> {
        let [] = call.bind("Joiner.__call__", 0, [])?;
        Ok(if self.used.replace(true) { self.separator.clone() } else { Value::from("") })
    }
}

const WORDS: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et \
     dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo \
     consequat duis aute irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur sint \
     occaecat cupidatat non proident sunt culpa qui officia deserunt mollit anim id est laborum";

fn lipsum(call: &mut Call<'_>) -> Result<Value> {
    let [count, html, least, most] = call.bind("generate_lorem_ipsum", 0, ["n", "html", "min", "max"])?;
    let number = |value: Option<Value>, default: i64| -> Result<usize> {
        let number = value
            .map_or(Ok(default), |value| value.as_int().ok_or_else(|| Error::type_error("lipsum wants integers")))?;
        Ok(usize::try_from(number).unwrap_or(0).min(10_000))
    };
    let (count, least, most) = (number(count, 5)?, number(least, 20)?, number(most, 100)?);
    let html = html.map_or(Ok(true), |html| html.truthy())?;
    if most <= least {
        return Err(Error::value_error(format!(
            "empty range for randrange() ({least}, {most}, {})",
            most.abs_diff(least)
        )));
    }
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut paragraphs = Vec::with_capacity(count);
    for _ in 0..count {
        let mut text = String::new();
        let mut begins = true;
        let len = least + below(most - least);
        for index in 0..len {
            let word = words.get(below(words.len())).copied().unwrap_or("lorem");
            if index > 0 {
                text.push(' ');
            }
            let mut chars = word.chars();
            if begins && let Some(first) = chars.next() {
                text.extend(first.to_uppercase());
            }
            text.push_str(chars.as_str());
            begins = index + 1 < len && below(15) == 0;
            if begins {
                text.push('.');
            }
        }
        text.push('.');
        paragraphs.push(text);
    }
    if !html {
        return Ok(Value::from(paragraphs.join("\n\n")));
    }
    let paragraphs: Vec<String> = paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
    Ok(Value::Str(Str::markup(paragraphs.join("\n"))))
}
