//! One cycle, and everything that is timed: drop the oldest instance, make a store, instantiate, do the work. The same
//! code with clock reads between the phases and without. Nothing else stands between start and stop.

use crate::os::now_ns;
use crate::program::{Live, Program};
use crate::stop::Stop;
use crate::work::Work;

/// Phases in the order in which a cycle meets them; the start function runs within `Init`.
#[derive(Clone, Copy)]
pub enum Phase {
    Release,
    Acquire,
    Init,
    Work,
}
const PHASES: usize = 4;

pub trait Marks {
    fn at(&mut self, border: usize);
}

pub struct NoMarks;

impl Marks for NoMarks {
    #[inline(always)]
    fn at(&mut self, _: usize) {}
}

#[derive(Default)]
pub struct ClockMarks {
    ns: [u64; PHASES + 1],
}

impl Marks for ClockMarks {
    #[inline(always)]
    fn at(&mut self, border: usize) {
        self.ns[border] = now_ns();
    }
}

impl ClockMarks {
    pub fn ns(&self, phase: Phase) -> u64 {
        self.ns[phase as usize + 1] - self.ns[phase as usize]
    }
}

/// `slots` instances alive at once; each cycle drops the oldest and makes a new one in its place.
pub struct Ring<'a> {
    program: &'a Program,
    work: &'a Work,
    slots: Vec<Option<Live>>,
    next: usize,
    turn: usize,
    sum: u64,
}

impl<'a> Ring<'a> {
    pub fn new(program: &'a Program, work: &'a Work, slots: usize) -> Ring<'a> {
        let slots = std::iter::repeat_with(|| None).take(slots).collect();
        Ring { program, work, slots, next: 0, turn: 0, sum: 0 }
    }

    pub fn cycle(&mut self, marks: &mut impl Marks) -> Result<(), Stop> {
        let after = |now: usize, count: usize| if now + 1 == count { 0 } else { now + 1 };
        let (next, turn) = (self.next, self.turn);
        self.next = after(next, self.slots.len());
        self.turn = after(turn, self.work.period());
        let slot = &mut self.slots[next];
        marks.at(0);
        *slot = None;
        marks.at(1);
        let store = self.program.new_store();
        marks.at(2);
        let mut live = self.program.instantiate(store)?;
        marks.at(3);
        self.sum = self.sum.wrapping_add(self.work.run(self.program, &mut live, turn)?);
        marks.at(4);
        *slot = Some(live);
        Ok(())
    }

    /// All that is timed in a batch. Never inlined: one loop, compiled once.
    #[inline(never)]
    pub fn run(&mut self, cycles: u64) -> Result<(), Stop> {
        for _ in 0..cycles {
            self.cycle(&mut NoMarks)?;
        }
        std::hint::black_box(self.sum);
        Ok(())
    }

    /// Twice round and a little more: a slot's first release can still find pages that were never touched.
    pub fn warm_up(&mut self) -> Result<(), Stop> {
        self.run(2 * self.slots.len() as u64 + 8)
    }

    pub fn drain(&mut self) {
        for slot in &mut self.slots {
            *slot = None;
        }
    }
}
