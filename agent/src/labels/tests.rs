//! What printing promises: labels that say what their data says and nothing else, and a queue that loses none.

mod drawing;
mod printing;
