//! Makes a failing plan small: leaves steps out for as long as the same invariant still breaks.

use super::bugs::Bug;
use super::plan::Plan;
use super::world::run;

/// Runs that a shrinking may take: enough for a plan of a hundred steps, and a few seconds at most.
const RUNS_MAX: u32 = 2_000;

/// The smallest plan found that breaks the same invariant as `plan` does.
#[must_use]
pub fn shrink(plan: &Plan, bug: Option<Bug>) -> Plan {
    let mut smallest = plan.clone();
    let Some(broken) = run(&smallest, bug, false).broken else {
        return smallest;
    };
    let (mut size, mut runs) = (smallest.steps.len().div_ceil(2), 0);
    while size > 0 && runs < RUNS_MAX {
        let mut from = 0;
        let before = smallest.steps.len();
        while from < smallest.steps.len() && runs < RUNS_MAX {
            let mut fewer = smallest.clone();
            let until = smallest.steps.len().min(from.saturating_add(size));
            fewer.steps.drain(from..until);
            runs = runs.saturating_add(1);
            if run(&fewer, bug, false).broken.is_some_and(|other| other.0 == broken.0) {
                smallest = fewer;
            } else {
                from = until;
            }
        }
        if size == 1 && smallest.steps.len() == before {
            break;
        }
        size = if size == 1 { 1 } else { size.div_euclid(2) };
    }
    smallest
}
