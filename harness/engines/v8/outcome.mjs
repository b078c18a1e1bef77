// Why a cell has no figures. Every other error is a failure too, and its message is the reason.
export class Skipped extends Error {}  // this engine, or this machine, cannot
export class Leak extends Error {}     // an instance is not what a fresh one is
