//! What a run that is not well tells people and other systems: one message, which of its findings are news, and how the message
//! reads at each target. Nothing is sent here, and nothing looks at a clock: a report and what was told before go in, bytes come
//! out.
//!
//! Text from the bucket is hostile, and a message reaches chats, mailboxes and shells. All of it is made plain when the message
//! is made, and once more in the target's own grammar. A message says less rather than more: it is bounded, tells how much it
//! leaves out, and holds no credentials.

mod fit;
mod json;
mod matter;
mod message;
mod news;
mod recovery;
mod slack;
mod sns;
mod state;
mod target;
mod text;
mod topic;

#[cfg(test)]
mod scenes;

pub mod event_bridge;
pub mod security_hub;

pub use json::json;
pub use message::{Kind, Message, Sent, without_query};
pub use news::News;
pub use slack::slack;
pub use sns::sns;
pub use state::State;
pub use target::{Target, TargetFault};
pub use topic::Bus;
