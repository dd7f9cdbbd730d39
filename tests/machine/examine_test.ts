/**
 * Tests of what is made of what was found.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type CacheReport,
  examineMachine,
  type FolderReport,
  type Machine,
  machineWarnings,
} from "../../src/machine/mod.ts";

const GIB = 2 ** 30;
const folder: FolderReport = {
  path: "/work",
  exists: true,
  writable: true,
  free: 100 * GIB,
  mount: "/",
  type: "ext4",
  noexec: false,
  readOnly: false,
};
const cache: CacheReport = { ...folder, path: "/cache/1.2.3", bytes: 1000 };

/** A machine on which all is well, with something changed. */
function machine(
  { memory = {}, storage = {} }: {
    memory?: Partial<Machine["limits"]["memory"]>;
    storage?: Partial<Machine["storage"]>;
  } = {},
): Machine {
  const whole = { total: 8 * GIB, available: 4 * GIB };
  return {
    processor: { name: "Drawn", needs: "x86-64-v3", missing: [] },
    limits: {
      processors: { usable: 2, host: 2, affinity: 2, quota: null, quotaFolder: null, decidedBy: "host" },
      memory: { ...whole, host: whole, limit: null, used: null, limitFolder: null, decidedBy: "host", ...memory },
    },
    nvidia: { kernelModule: null, library: null, cuda: null, gpus: [], fault: null },
    storage: { current: folder, data: folder, temporary: folder, home: folder, cache: null, ...storage },
  };
}

Deno.test("nothing is said of a machine on which all is well, in a checkout or an executable", () => {
  assert.deepEqual(machineWarnings(machine()), []);
  assert.deepEqual(machineWarnings(machine({ storage: { cache } })), []);
});

Deno.test("little memory is a warning that names the limit, where it is one", () => {
  const limited = { total: 1.5 * GIB, limit: 1.5 * GIB, limitFolder: "/sys/fs/cgroup", decidedBy: "limit" } as const;
  assert.deepEqual(machineWarnings(machine({ memory: limited })), [
    "there are 1536 MiB of memory (the limit of /sys/fs/cgroup): give the container more, or take a small --batch and --width",
  ]);
  assert.match(machineWarnings(machine({ memory: { total: GIB } }))[0] ?? "", /1024 MiB of memory: take a small/);
});

Deno.test("little room is a warning for each file system, and none for what cannot be written anyway", () => {
  const tight = { ...folder, free: GIB - 1 };
  const warnings = machineWarnings(
    machine({ storage: { current: tight, data: tight, temporary: { ...tight, mount: "/tmp", free: 0 }, home: tight } }),
  );
  assert.deepEqual(warnings, [
    "1023 MiB are free on /, for runs here, data sets: make room",
    "0 MiB are free on /tmp, for temporary files: make room",
  ]);
  const image = { ...tight, writable: false, readOnly: true };
  assert.ok(machineWarnings(machine({ storage: { current: image } })).every((line) => !/free/.test(line)));
  assert.deepEqual(machineWarnings(machine({ storage: { current: { ...folder, free: null } } })), []);
});

Deno.test("folders that cannot be written are warnings with what to set", () => {
  const shut = { ...folder, writable: false };
  const warnings = machineWarnings(machine({ storage: { current: shut, data: shut, temporary: shut } }));
  assert.equal(warnings.length, 3);
  for (const [index, remedy] of [/--out/, /SLUICE_DATA/, /TMPDIR/].entries()) {
    assert.match(warnings[index] ?? "", remedy);
  }
  assert.match(
    machineWarnings(machine({ storage: { temporary: { ...folder, exists: false } } }))[0] ?? "",
    /TMPDIR/,
  );
});

Deno.test("a temporary folder that runs nothing is a warning", () => {
  const temporary = { ...folder, noexec: true, mount: "/tmp" };
  const warnings = machineWarnings(machine({ storage: { temporary, cache } }));
  assert.match(warnings.join("\n"), /^the temporary folder, \/work, is mounted noexec: .*TMPDIR[^\n]*$/);
});

Deno.test("this machine is examined", () => {
  const { limits, storage, processor } = examineMachine("/data");
  assert.ok(limits.processors.usable >= 1);
  assert.ok(limits.memory.available <= limits.memory.total && limits.memory.total <= limits.memory.host.total);
  assert.equal(storage.data.path, "/data");
  assert.deepEqual(processor.missing, []);
});
