//! The language of conditions: CEL's standard functions, shared by all evaluations.

use super::{arithmetic, pattern};
use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::Parser;
use cel::{Context, Env, ExecutionError, ParseErrors, Program};
use std::sync::{Arc, LazyLock};

/// Expressions inside one another. Each level takes stack while it is parsed.
const MAX_NESTING: u16 = 24;

/// Mistakes in one source that are looked for before the parser gives up.
const MAX_MISTAKES: u32 = 4;

/// Parses `source`, expanding macros.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(source: &str) -> Result<(IdedExpr, SourceInfo), String> {
    let parser = Parser::new().max_recursion_depth(MAX_NESTING).error_recovery_limit(MAX_MISTAKES);
    parser.parse_with_source_info(source).map_err(|errors| explain(&errors))
}

fn explain(errors: &ParseErrors) -> String {
    match errors.errors.first() {
        Some(error) if error.pos.0 > 1 => {
            format!("at {}:{} of it: {}", error.pos.0, error.pos.1, error.msg)
        }
        Some(error) if error.pos.0 == 1 => format!("at character {}: {}", error.pos.1, error.msg),
        _ => format!("it is nested more than {MAX_NESTING} levels deep"),
    }
}

/// What every evaluation starts from. `None` if the library declared what is declared here, which a
/// test would see.
static ROOT: LazyLock<Option<Context<'static, 'static>>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    pattern::declare(&mut env).and_then(|()| arithmetic::declare(&mut env)).ok()?;
    Some(Context::with_env(Arc::new(env)))
});

/// The functions that every evaluation has, and no variable.
pub fn root() -> Option<&'static Context<'static, 'static>> {
    ROOT.as_ref()
}

/// Whether CEL has the function or the method, judged by calling it. Operators (`_>_`) it has.
pub fn exists(function: &str) -> bool {
    let undeclared = |call: String| {
        let outcome =
            Program::compile(&call).ok().zip(root()).map(|(call, root)| call.execute(root));
        matches!(outcome, Some(Err(ExecutionError::UndeclaredReference(_))))
    };
    !function.starts_with(|c: char| c.is_ascii_alphabetic())
        || !undeclared(format!("{function}()"))
        || !undeclared(format!("''.{function}()"))
}
