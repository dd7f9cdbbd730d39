/**
 * Tests of the limits of control groups, on simulated machines.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { readMemoryQuotas, readProcessorQuota } from "../../src/machine/mod.ts";
import { mountLine, onSimulated } from "./drawn_machine.ts";

const cgroups = "/sys/fs/cgroup";
const version2 = mountLine("/", cgroups, "cgroup2");
const version1 = [
  "22 27 0:21 / /proc rw,relatime - proc proc rw",
  mountLine("/", `${cgroups}/cpu,cpuacct`, "cgroup", "rw,cpu,cpuacct"),
  mountLine("/", `${cgroups}/memory`, "cgroup", "rw,memory"),
].join("\n");

Deno.test(
  "version 2: the group's quota and memory are read, and droppable pages do not count as used",
  onSimulated({
    "/proc/self/cgroup": "0::/user/job",
    "/proc/self/mountinfo": version2,
    [`${cgroups}/user/job/cpu.max`]: "150000 100000",
    [`${cgroups}/user/job/memory.max`]: 4000,
    [`${cgroups}/user/job/memory.current`]: 3000,
    [`${cgroups}/user/job/memory.stat`]: "anon 1000\ninactive_file 1200\nactive_file 800",
  }, (system) => {
    assertEquals(readProcessorQuota(system), { processors: 1.5, folder: `${cgroups}/user/job` });
    assertEquals(readMemoryQuotas(system), [{ limit: 4000, used: 1800, folder: `${cgroups}/user/job` }]);
  }),
);

Deno.test(
  "the tightest limit of nested groups counts, at whichever level it is",
  onSimulated({
    "/proc/self/cgroup": "0::/outer/middle/inner",
    "/proc/self/mountinfo": version2,
    [`${cgroups}/outer/cpu.max`]: "400000 100000",
    [`${cgroups}/outer/middle/cpu.max`]: "200000 100000",
    [`${cgroups}/outer/middle/inner/cpu.max`]: "max 100000",
    [`${cgroups}/outer/memory.max`]: 1000,
    [`${cgroups}/outer/middle/memory.max`]: "max",
    [`${cgroups}/outer/middle/inner/memory.max`]: 2000,
  }, (system) => {
    assertEquals(readProcessorQuota(system), { processors: 2, folder: `${cgroups}/outer/middle` });
    assertEquals(readMemoryQuotas(system), [
      { limit: 1000, used: null, folder: `${cgroups}/outer` },
      { limit: 2000, used: null, folder: `${cgroups}/outer/middle/inner` },
    ]);
  }),
);

Deno.test(
  "a container with its own namespace sees its group as the root",
  onSimulated({
    "/proc/self/cgroup": "0::/",
    "/proc/self/mountinfo": version2,
    [`${cgroups}/cpu.max`]: "50000 100000",
    [`${cgroups}/memory.max`]: 1000,
    [`${cgroups}/memory.current`]: 10,
    [`${cgroups}/memory.stat`]: "inactive_file 20",
  }, (system) => {
    assertEquals(readProcessorQuota(system), { processors: 0.5, folder: cgroups });
    assertEquals(readMemoryQuotas(system), [{ limit: 1000, used: 0, folder: cgroups }]);
  }),
);

Deno.test(
  "a process moved out of its namespace has the limits of the mounted group",
  onSimulated({
    "/proc/self/cgroup": "0::/../other",
    "/proc/self/mountinfo": version2,
    [`${cgroups}/cpu.max`]: "300000 100000",
    "/sys/fs/other/cpu.max": "100000 100000",
  }, (system) => assertEquals(readProcessorQuota(system), { processors: 3, folder: cgroups })),
);

Deno.test(
  "version 1: each controller has its own folder, and -1 or the largest number means no limit",
  onSimulated({
    "/proc/self/cgroup": "4:memory:/job\n2:cpu,cpuacct:/job/step\n1:name=systemd:/\n3:cpuset:/",
    "/proc/self/mountinfo": version1,
    [`${cgroups}/cpu,cpuacct/cpu.cfs_quota_us`]: -1,
    [`${cgroups}/cpu,cpuacct/cpu.cfs_period_us`]: 100000,
    [`${cgroups}/cpu,cpuacct/job/cpu.cfs_quota_us`]: 250000,
    [`${cgroups}/cpu,cpuacct/job/cpu.cfs_period_us`]: 100000,
    [`${cgroups}/cpu,cpuacct/job/step/cpu.cfs_quota_us`]: -1,
    [`${cgroups}/cpu,cpuacct/job/step/cpu.cfs_period_us`]: 100000,
    [`${cgroups}/memory/memory.limit_in_bytes`]: "9223372036854771712",
    [`${cgroups}/memory/job/memory.limit_in_bytes`]: 5000,
    [`${cgroups}/memory/job/memory.usage_in_bytes`]: 4000,
    [`${cgroups}/memory/job/memory.stat`]: "inactive_file 1\ntotal_inactive_file 1500",
  }, (system) => {
    assertEquals(readProcessorQuota(system), { processors: 2.5, folder: `${cgroups}/cpu,cpuacct/job` });
    assertEquals(readMemoryQuotas(system), [{ limit: 5000, used: 2500, folder: `${cgroups}/memory/job` }]);
  }),
);

Deno.test(
  "version 1 in a container without a namespace: the mounted group is found under the path that the host gives it",
  onSimulated({
    "/proc/self/cgroup": "4:memory:/docker/0123\n2:cpu,cpuacct:/docker/0123/nested",
    "/proc/self/mountinfo": [
      mountLine("/docker/0123", `${cgroups}/cpu,cpuacct`, "cgroup", "ro,cpu,cpuacct"),
      mountLine("/docker/4567", `${cgroups}/memory`, "cgroup", "ro,memory"),
    ].join("\n"),
    [`${cgroups}/cpu,cpuacct/cpu.cfs_quota_us`]: 200000,
    [`${cgroups}/cpu,cpuacct/cpu.cfs_period_us`]: 100000,
    [`${cgroups}/cpu,cpuacct/nested/cpu.cfs_quota_us`]: 100000,
    [`${cgroups}/cpu,cpuacct/nested/cpu.cfs_period_us`]: 100000,
    [`${cgroups}/memory/memory.limit_in_bytes`]: 700,
  }, (system) => {
    assertEquals(readProcessorQuota(system), { processors: 1, folder: `${cgroups}/cpu,cpuacct/nested` });
    assertEquals(readMemoryQuotas(system), [{ limit: 700, used: null, folder: `${cgroups}/memory` }]);
  }),
);

Deno.test(
  "both versions mounted at once: each controller is read from its own version",
  onSimulated({
    "/proc/self/cgroup": "2:cpu,cpuacct:/job\n0::/unified/job",
    "/proc/self/mountinfo": `${version1}\n${mountLine("/", `${cgroups}/unified`, "cgroup2")}`,
    [`${cgroups}/cpu,cpuacct/job/cpu.cfs_quota_us`]: 100000,
    [`${cgroups}/cpu,cpuacct/job/cpu.cfs_period_us`]: 50000,
    [`${cgroups}/unified/unified/job/memory.max`]: 900,
  }, (system) => {
    assertEquals(readProcessorQuota(system), { processors: 2, folder: `${cgroups}/cpu,cpuacct/job` });
    assertEquals(readMemoryQuotas(system)[0]?.limit, 900);
  }),
);

Deno.test(
  "folders with blanks in their names are found",
  onSimulated({
    "/proc/self/cgroup": "0::/a b",
    "/proc/self/mountinfo": mountLine("/", "/sys/fs/c\\040group", "cgroup2"),
    "/sys/fs/c group/a b/cpu.max": "100000 100000",
  }, (system) => assertEquals(readProcessorQuota(system)?.folder, "/sys/fs/c group/a b")),
);

const unlimited = {
  "the files are missing": {},
  "no control group is mounted": { "/proc/self/cgroup": "0::/", "/proc/self/mountinfo": "" },
  "the group's folder has no limit files": { "/proc/self/cgroup": "0::/", "/proc/self/mountinfo": version2 },
  "the files hold no limit": {
    "/proc/self/cgroup": "0::/",
    "/proc/self/mountinfo": version2,
    [`${cgroups}/cpu.max`]: "max 100000",
    [`${cgroups}/memory.max`]: "max",
  },
  "the files hold something else": {
    "/proc/self/cgroup": "nonsense\n0::/",
    "/proc/self/mountinfo": `nonsense\n - cgroup2\n${version2}`,
    [`${cgroups}/cpu.max`]: "0 0",
    [`${cgroups}/memory.max`]: "-5",
  },
};
for (const [cause, files] of Object.entries(unlimited)) {
  Deno.test(
    `there is no limit if ${cause}`,
    onSimulated(files, (system) => {
      assertEquals(readProcessorQuota(system), null);
      assertEquals(readMemoryQuotas(system), []);
    }),
  );
}
