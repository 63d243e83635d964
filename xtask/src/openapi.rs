//! Writes `docs/openapi/agent.json` and what its examples are answered with. The tests that compare these files write them
//! when they are told to, so there is one way to make them.

use anyhow::{Context as _, Result};

use crate::tools::Tool;
use crate::workspace::{self, Workspace};

/// Records what the examples are answered with, then writes the document that shows it.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    Tool::CCompiler.provide(workspace)?;
    // In this order: the answers are built into the agent that tells the document.
    for test in ["openapi::every_example_is_answered", "openapi::the_document_that_is_checked_in"] {
        let mut command =
            workspace.cargo(["test", "--locked", "--package", "agent", "--test", "api", "--", test]);
        workspace::run(command.env("UPDATE_EXPECT", "1"))
            .context("the description of the API was not written")?;
    }
    println!("\nwritten: docs/openapi/agent.json; look at what changed in it before you commit");
    Ok(())
}
