/**
 * Tests of which limit counts, on simulated machines and on this one.
 *
 * @module
 */
import { assert, assertEquals, assertLessOrEqual, assertStrictEquals } from "@std/assert";
import {
  readMemoryLimits,
  readProcessorLimits,
  SystemCalls,
  usableMemory,
  usableProcessors,
} from "../../src/machine/mod.ts";
import { type MachineFiles, mountLine, onSimulated } from "./drawn_machine.ts";

const folder = "/sys/fs/cgroup";
const host = { total: 64e9, available: 40e9 };

function machineFiles(online: string, quota: string, files: MachineFiles = {}): MachineFiles {
  return {
    "/proc/self/cgroup": "0::/job",
    "/proc/self/mountinfo": mountLine("/", folder, "cgroup2"),
    "/sys/devices/system/cpu/online": online,
    [`${folder}/cpu.max`]: quota,
    ...files,
  };
}

const cases = [
  { online: "0-63", affinity: 64, quota: "200000 100000", usable: 2, host: 64, decidedBy: "quota" },
  { online: "0-63", affinity: 64, quota: "210000 100000", usable: 3, host: 64, decidedBy: "quota" },
  { online: "0-63", affinity: 64, quota: "1000 100000", usable: 1, host: 64, decidedBy: "quota" },
  { online: "0-63", affinity: 64, quota: "max 100000", usable: 64, host: 64, decidedBy: "host" },
  { online: "0-31,64-95", affinity: 8, quota: "1600000 100000", usable: 8, host: 64, decidedBy: "affinity" },
  { online: "0-3,8", affinity: 5, quota: "500000 100000", usable: 5, host: 5, decidedBy: "host" },
  { online: "unknown", affinity: 4, quota: "max 100000", usable: 4, host: 4, decidedBy: "host" },
] as const;
for (const { online, affinity, quota, ...expected } of cases) {
  Deno.test(
    `processors ${online}, affinity to ${affinity} and quota ${quota} make ${expected.usable} usable`,
    onSimulated(machineFiles(online, quota), (system) => {
      const { usable, host, decidedBy, affinity: own } = readProcessorLimits(system, affinity);
      assertEquals({ usable, host, decidedBy }, expected);
      assertStrictEquals(own, affinity);
    }),
  );
}

Deno.test(
  "the fullest group decides the available memory, and the smallest limit decides the total",
  onSimulated(
    machineFiles("0-3", "max 100000", {
      [`${folder}/memory.max`]: 9e9,
      [`${folder}/memory.current`]: 85e8,
      [`${folder}/job/memory.max`]: 4e9,
      [`${folder}/job/memory.current`]: 3e9,
      [`${folder}/job/memory.stat`]: `inactive_file ${2e9}`,
    }),
    (system) =>
      assertEquals(readMemoryLimits(system, host), {
        total: 4e9,
        available: 5e8,
        host,
        limit: 4e9,
        used: 1e9,
        limitFolder: `${folder}/job`,
        decidedBy: "limit",
      }),
  ),
);

Deno.test(
  "a limit above the machine's memory does not count",
  onSimulated(
    machineFiles("0-3", "max 100000", { [`${folder}/memory.max`]: 128e9, [`${folder}/memory.current`]: 1e9 }),
    (system) => {
      const { total, available, limit, decidedBy } = readMemoryLimits(system, host);
      assertEquals({ total, available, limit, decidedBy }, { ...host, limit: 128e9, decidedBy: "host" });
    },
  ),
);

Deno.test(
  "without limits the machine's own memory counts",
  onSimulated({}, (system) => {
    assertEquals(readMemoryLimits(system, host), {
      ...host,
      host,
      limit: null,
      used: null,
      limitFolder: null,
      decidedBy: "host",
    });
  }),
);

Deno.test("this machine has at least one usable processor, no more than its own, and no more memory than asked for", () => {
  using system = new SystemCalls();
  const { usable, affinity, host } = readProcessorLimits(system);
  assert(usable >= 1 && usable <= affinity && affinity <= host);
  assertStrictEquals(usableProcessors(), usable);
  assertLessOrEqual(usableMemory(1000), 1000);
});

Deno.test("a process bound to one processor uses one", async () => {
  using system = new SystemCalls();
  const allowed = /^Cpus_allowed_list:\s*(\d+)/m.exec(system.read("/proc/self/status") ?? "")?.[1];
  const module = new URL("../../src/machine/mod.ts", import.meta.url);
  const code = `import { usableProcessors } from "${module}"; console.log(usableProcessors());`;
  const args = ["--cpu-list", allowed ?? "0", Deno.execPath(), "eval", "--quiet", code];
  const { stdout } = await new Deno.Command("taskset", { args, env: { NO_COLOR: "1" } }).output();
  assertEquals(new TextDecoder().decode(stdout), "1\n");
});
