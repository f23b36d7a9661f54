//! The JavaScript API as a module of its own, for pages that bring their own looks. Its exports are those of
//! [`live_sentiment::web::api`].

use live_sentiment as _;

fn main() {}
