//! Some seeds on each submission, and the proof that the simulator sees.

use super::bugs::Bug;
use super::coverage::Coverage;
use super::plan::Plan;
use super::shrink::shrink;
use super::world::run;

/// Seeds that every submission runs. `cargo xtask sim` runs more.
const SEEDS: u64 = 150;

#[test]
fn nothing_breaks_and_the_same_seed_gives_the_same_run() {
    for seed in 0..SEEDS {
        let plan = Plan::new(seed);
        let report = run(&plan, None, false);
        assert_eq!(report.broken, None, "run it again with `cargo xtask sim --seeds 1 --from {seed}`");
        if seed % 10 == 0 {
            assert_eq!(run(&plan, None, true).trace_hash, report.trace_hash, "seed {seed}");
        }
    }
}

#[test]
fn every_deliberate_bug_is_caught_within_its_seeds() {
    let mut missed = Vec::new();
    for (bug, what, seeds) in Bug::ALL {
        if (0..*seeds).all(|seed| run(&Plan::new(seed), Some(*bug), false).broken.is_none()) {
            missed.push(format!("{what}: not within {seeds} seeds"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(Bug::ALL.len() >= 20);
}

#[test]
fn a_failure_shrinks_and_stays_the_same_failure() {
    let bug = Some(Bug::SyncsNothing);
    let failing = (0..60).map(Plan::new).find(|plan| run(plan, bug, false).broken.is_some()).unwrap();
    let broken = run(&failing, bug, false).broken.unwrap();
    let small = shrink(&failing, bug);
    assert!(small.steps.len() < failing.steps.len() / 2, "{} of {}", small.steps.len(), failing.steps.len());
    assert_eq!(run(&small, bug, false).broken.unwrap().0, broken.0);
}

#[test]
fn what_was_never_reached_is_named() {
    let mut coverage = Coverage::default();
    assert!(coverage.missing().contains(&"step: replace"));
    coverage.reach("step: replace");
    assert!(!coverage.missing().contains(&"step: replace"));
}
