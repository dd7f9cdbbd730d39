/**
 * Tests of the warnings about a machine, and of examining the machine that runs the tests.
 *
 * @module
 */
import { assert, assertEquals, assertGreaterOrEqual, assertMatch } from "@std/assert";
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

/** A machine without problems, with the given values changed. */
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

Deno.test("a machine without problems gives no warning, in a checkout or an executable", () => {
  assertEquals(machineWarnings(machine()), []);
  assertEquals(machineWarnings(machine({ storage: { cache } })), []);
});

Deno.test("little memory is a warning, which names the limit if there is one", () => {
  const limited = { total: 1.5 * GIB, limit: 1.5 * GIB, limitFolder: "/sys/fs/cgroup", decidedBy: "limit" } as const;
  assertEquals(machineWarnings(machine({ memory: limited })), [
    "only 1536 MiB of memory (the limit of /sys/fs/cgroup): give the container more, or use a small --batch and --width",
  ]);
  assertMatch(machineWarnings(machine({ memory: { total: GIB } }))[0] ?? "", /only 1024 MiB of memory: use a small/);
});

Deno.test("little free space is one warning per file system, and none for a folder that cannot be written", () => {
  const tight = { ...folder, free: GIB - 1 };
  const warnings = machineWarnings(
    machine({ storage: { current: tight, data: tight, temporary: { ...tight, mount: "/tmp", free: 0 }, home: tight } }),
  );
  assertEquals(warnings, [
    "only 1023 MiB are free on /, for runs here, data sets: free some space",
    "only 0 MiB are free on /tmp, for temporary files: free some space",
  ]);
  const image = { ...tight, writable: false, readOnly: true };
  assert(machineWarnings(machine({ storage: { current: image } })).every((line) => !/free/.test(line)));
  assertEquals(machineWarnings(machine({ storage: { current: { ...folder, free: null } } })), []);
});

Deno.test("a folder that cannot be written is a warning that names the option or variable to set", () => {
  const shut = { ...folder, writable: false };
  const warnings = machineWarnings(machine({ storage: { current: shut, data: shut, temporary: shut } }));
  assertEquals(warnings.length, 3);
  for (const [index, remedy] of [/--out/, /SLUICE_DATA/, /TMPDIR/].entries()) {
    assertMatch(warnings[index] ?? "", remedy);
  }
  assertMatch(machineWarnings(machine({ storage: { temporary: { ...folder, exists: false } } }))[0] ?? "", /TMPDIR/);
});

Deno.test("a temporary folder mounted noexec is a warning", () => {
  const temporary = { ...folder, noexec: true, mount: "/tmp" };
  const warnings = machineWarnings(machine({ storage: { temporary, cache } }));
  assertMatch(warnings.join("\n"), /^the temporary folder, \/work, is mounted noexec: .*TMPDIR[^\n]*$/);
});

Deno.test("this machine is examined", () => {
  const { limits, storage, processor } = examineMachine("/data");
  assertGreaterOrEqual(limits.processors.usable, 1);
  assert(limits.memory.available <= limits.memory.total && limits.memory.total <= limits.memory.host.total);
  assertEquals(storage.data.path, "/data");
  assertEquals(processor.missing, []);
});
