//! What a run may use.

use std::time::Duration;

use crate::config::limits;

/// What one run may use. Every field is within the bounds of [`limits`]: [`Budget::default`] and the `with_` functions
/// are the only way to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    wall: Duration,
    fuel: u64,
    memory: usize,
    output: u64,
}

/// A budget out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// Wall-clock time too short or too long.
    #[error("the time-out must be between {} s and {} s", limits::WALL_MIN.as_secs_f64(), limits::WALL_MAX.as_secs())]
    Wall,
    /// Memory too small for the interpreter or beyond what one run may have.
    #[error("the memory must be between {} MiB and {} MiB", limits::MEMORY_MIN >> 20, limits::MEMORY_MAX >> 20)]
    Memory,
    /// More output than one run may have.
    #[error("the output limit must be at most {} bytes", limits::OUTPUT_MAX)]
    Output,
    /// No fuel at all.
    #[error("the fuel must be at least 1")]
    Fuel,
}

impl Budget {
    /// The same budget with this wall-clock time, from [`limits::WALL_MIN`] to [`limits::WALL_MAX`].
    pub fn with_wall(self, wall: Duration) -> Result<Self, BudgetError> {
        match (limits::WALL_MIN..=limits::WALL_MAX).contains(&wall) {
            true => Ok(Self { wall, ..self }),
            false => Err(BudgetError::Wall),
        }
    }

    /// The same budget with these units of fuel, at least 1. See [`limits::FUEL`] for what a unit is.
    pub fn with_fuel(self, fuel: u64) -> Result<Self, BudgetError> {
        match fuel {
            0 => Err(BudgetError::Fuel),
            _ => Ok(Self { fuel, ..self }),
        }
    }

    /// The same budget with this many bytes of memory, from [`limits::MEMORY_MIN`] to [`limits::MEMORY_MAX`].
    pub fn with_memory(self, memory: usize) -> Result<Self, BudgetError> {
        match (limits::MEMORY_MIN..=limits::MEMORY_MAX).contains(&memory) {
            true => Ok(Self { memory, ..self }),
            false => Err(BudgetError::Memory),
        }
    }

    /// The same budget with this many bytes of standard output and standard error together, at most
    /// [`limits::OUTPUT_MAX`]. 0 allows none.
    pub fn with_output(self, output: u64) -> Result<Self, BudgetError> {
        match output <= limits::OUTPUT_MAX {
            true => Ok(Self { output, ..self }),
            false => Err(BudgetError::Output),
        }
    }

    /// Wall-clock time from the moment the script is handed over.
    pub fn wall(&self) -> Duration {
        self.wall
    }

    /// Units of fuel.
    pub fn fuel(&self) -> u64 {
        self.fuel
    }

    /// Bytes of the guest's linear memory: interpreter, objects, stack and files.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Bytes of standard output and standard error together.
    pub fn output(&self) -> u64 {
        self.output
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { wall: limits::WALL, fuel: limits::FUEL, memory: limits::MEMORY, output: limits::OUTPUT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_bounds_is_refused_with_the_bounds_in_the_sentence() {
        let budget = Budget::default();
        assert_eq!(budget.with_wall(Duration::ZERO), Err(BudgetError::Wall));
        assert_eq!(budget.with_wall(limits::WALL_MAX + Duration::from_nanos(1)), Err(BudgetError::Wall));
        assert_eq!(budget.with_memory(limits::MEMORY_MIN - 1), Err(BudgetError::Memory));
        assert_eq!(budget.with_fuel(0), Err(BudgetError::Fuel));
        assert_eq!(BudgetError::Memory.to_string(), "the memory must be between 64 MiB and 2048 MiB");
    }

    #[test]
    fn the_bounds_themselves_are_allowed() {
        let budget = Budget::default();
        assert_eq!(budget.with_wall(limits::WALL_MIN).map(|b| b.wall()), Ok(limits::WALL_MIN));
        assert_eq!(budget.with_memory(limits::MEMORY_MAX).map(|b| b.memory()), Ok(limits::MEMORY_MAX));
        assert_eq!(budget.with_output(0).map(|b| b.output()), Ok(0));
        assert_eq!(budget.with_output(limits::OUTPUT_MAX + 1), Err(BudgetError::Output));
    }
}
