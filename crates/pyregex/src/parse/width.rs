//! How many characters a part takes: what stands in a lookbehind takes as many always.

use super::{Node, Parser, UNLIMITED};
use crate::error::Error;

impl Parser {
    /// The fewest and the most characters that a sequence matches.
    pub(super) fn width(&self, body: &[Node]) -> (u64, u64) {
        body.iter().fold((0u64, 0u64), |(low, high), node| {
            let (least, most) = self.node_width(node);
            (low.saturating_add(least), high.saturating_add(most))
        })
    }

    fn node_width(&self, node: &Node) -> (u64, u64) {
        let either = |one: (u64, u64), other: (u64, u64)| (one.0.min(other.0), one.1.max(other.1));
        match node {
            Node::Literal(_) | Node::Any | Node::Set { .. } => (1, 1),
            Node::At(_) | Node::Look { .. } => (0, 0),
            Node::Branch(items) => items.iter().map(|item| self.width(item)).reduce(either).unwrap_or((0, 0)),
            Node::Group { body, .. } | Node::Atomic(body) => self.width(body),
            Node::Repeat { min, max, body, .. } => {
                let (least, most) = self.width(body);
                let high = if *max == UNLIMITED && most > 0 { u64::MAX } else { most.saturating_mul(u64::from(*max)) };
                (least.saturating_mul(u64::from(*min)), high)
            }
            Node::BackReference(group) => self.widths.get(*group).copied().flatten().unwrap_or((0, 0)),
            Node::Conditional { yes, no, .. } => {
                either(self.width(yes), no.as_ref().map_or((0, 0), |no| self.width(no)))
            }
        }
    }

    /// What looks behind must know how far.
    pub(super) fn check_lookbehinds(&self, body: &[Node]) -> Result<(), Error> {
        for node in body {
            match node {
                Node::Look { behind, body, .. } => {
                    self.check_lookbehinds(body)?;
                    let (least, most) = self.width(body);
                    if behind.is_some() && least != most {
                        return Err(Error::bare("look-behind requires fixed-width pattern"));
                    }
                }
                Node::Branch(items) => items.iter().try_for_each(|item| self.check_lookbehinds(item))?,
                Node::Group { body, .. } | Node::Atomic(body) | Node::Repeat { body, .. } => {
                    self.check_lookbehinds(body)?
                }
                Node::Conditional { yes, no, .. } => {
                    self.check_lookbehinds(yes)?;
                    no.iter().try_for_each(|no| self.check_lookbehinds(no))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}
