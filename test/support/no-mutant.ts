// A worker that stays still has the mutant of the run before switched on; what a test file does while it is loaded must
// not meet it. Stryker switches on the one whose turn it is once the file is loaded.
const stryker = (globalThis as { __stryker__?: { activeMutant: string | undefined } }).__stryker__;
if (stryker !== undefined) stryker.activeMutant = undefined;
