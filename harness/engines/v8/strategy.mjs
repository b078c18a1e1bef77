// The strategy text of the engine v8: which of V8's compilers makes a module's code, and when.
//
// V8's flags can still be set in a running process, as long as no module was compiled. What the command line would make
// follow from a flag does not follow here, so each value names all the flags that it stands for.
import v8 from 'node:v8';

const AXES = {
  tier: {
    default: ['--liftoff', '--no-liftoff-only', '--wasm-tier-up', '--wasm-dynamic-tiering'],
    liftoff: ['--liftoff', '--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering'],
    turbofan: ['--no-liftoff', '--no-liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering'],
  },
  lazy: {  // `on` is V8's own default since Node 20 and `off` was that of Node 18: here the same text means the same in both
    on: ['--wasm-lazy-compilation'],
    off: ['--no-wasm-lazy-compilation'],
  },
};
const PRESETS = {default: {tier: 'default', lazy: 'on'}};

const MEANING = {
  tier: {default: 'Liftoff, then TurboFan where it is hot', liftoff: 'Liftoff alone', turbofan: 'TurboFan alone'},
  lazy: {on: 'each function when it is first called', off: 'all before the first instance'},
};

const ABOUT = {tier: 'which of V8\'s compilers makes the code', lazy: 'when it is made'};

// What `?` asks for (harness/protocol/README.md).
export const settings = () => ({
  presets: Object.entries(PRESETS).map(([name, values]) => ({
    name, stands_for: 'V8 as Node starts it', sets: Object.entries(values).map((axis) => axis.join('=')).join(','),
  })),
  axes: Object.keys(AXES).map((name) => ({
    name, takes: Object.keys(AXES[name]).join('|'), usual: PRESETS.default[name],
    meaning: `${ABOUT[name]}: ${Object.entries(MEANING[name]).map(([value, text]) => `${value}: ${text}`).join('; ')}`,
  })),
});

const accepted = () => [`a preset (${Object.keys(PRESETS).join(', ')})`,
  ...Object.entries(AXES).map(([axis, values]) => `${axis}=${Object.keys(values).join('|')}`)].join(', ');

export class WrongStrategy extends Error {
  constructor(what) { super(`${what}; v8 accepts ${accepted()}`); }
}

// "default", "tier=liftoff,lazy=off", "default,lazy=off", "" -> {tier, lazy}
export function parseStrategy(text) {
  const given = {};
  let preset = PRESETS.default;
  (text === '' ? [] : text.split(',')).forEach((word, i) => {
    const [axis, value] = word.split('=');
    if (i === 0 && Object.hasOwn(PRESETS, word)) {
      preset = PRESETS[word];
    } else if (!Object.hasOwn(AXES, axis) || value === undefined) {
      throw new WrongStrategy(`unknown word "${word}"`);
    } else if (word !== `${axis}=${value}` || !Object.hasOwn(AXES[axis], value)) {
      throw new WrongStrategy(`unknown value in "${word}"`);
    } else if (Object.hasOwn(given, axis)) {
      throw new WrongStrategy(`"${axis}" is there twice`);
    } else {
      given[axis] = value;
    }
  });
  return {...preset, ...given};
}

export const canonical = (strategy) => Object.keys(AXES).map((axis) => `${axis}=${strategy[axis]}`).join(',');

// REQUIRES: no module was compiled in this process.
export function applyStrategy(strategy) {
  for (const axis of Object.keys(AXES)) AXES[axis][strategy[axis]].forEach((flag) => v8.setFlagsFromString(flag));
}

export const codegenText = (strategy) => `${MEANING.tier[strategy.tier]}; ${MEANING.lazy[strategy.lazy]}`;
