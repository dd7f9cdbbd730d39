/**
 * What NVIDIA's driver says, without the CUDA library of sluice: on a machine where that is missing it is worth knowing
 * whether there was anything for it to use.
 *
 * @module
 */
import { loaderSentence, type SystemCalls } from "./system_calls.ts";

/** The driver's library, which a container gets from the machine that it runs on. */
const DRIVER_LIBRARY = "libcuda.so.1";

const functions = {
  cuInit: { parameters: ["u32"], result: "i32" }, // flags
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" }, // version
  cuGetErrorString: { parameters: ["i32", "buffer"], result: "i32" }, // result, text
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" }, // count
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" }, // device, index
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" }, // name, capacity, device
  cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" }, // value, attribute, device
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" }, // bytes, device
} as const;

type DriverLibrary = Deno.DynamicLibrary<typeof functions>;

/** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and MINOR. */
const CAPABILITY = [75, 76] as const;

/** A GPU that the driver gives this process. */
export interface Gpu {
  /** Its name. */
  readonly name: string;
  /** Its compute capability, `9.0` for one. */
  readonly capability: string;
  /** Bytes of its memory. */
  readonly memory: number;
}

/** NVIDIA's driver, as far as it is there. */
export interface NvidiaReport {
  /** The version of the driver's part in the kernel; null where it is not loaded, or hides itself. */
  readonly kernelModule: string | null;
  /** The file of the driver's library; null where it is not found. */
  readonly library: string | null;
  /** The newest CUDA that it knows; null where it is not found. */
  readonly cuda: string | null;
  /** What it gives this process. */
  readonly gpus: readonly Gpu[];
  /** One sentence of what keeps it from giving any, where it was looked for, and the remedy; null where nothing does. */
  readonly fault: string | null;
}

function readKernelModule(system: SystemCalls): string | null {
  const text = system.read("/proc/driver/nvidia/version") ?? "";
  return /^NVRM version:.*?\b(\d+\.\d+(?:\.\d+)?)\b/m.exec(text)?.[1] ?? null;
}

function number(write: (slot: Int32Array<ArrayBuffer>) => number): number {
  const slot = new Int32Array(1);
  write(slot);
  return slot[0] ?? 0;
}

function describeGpu({ symbols }: DriverLibrary, index: number): Gpu {
  const device = number((slot) => symbols.cuDeviceGet(slot, index));
  const [name, bytes] = [new Uint8Array(256), new BigUint64Array(1)];
  symbols.cuDeviceGetName(name, name.length, device);
  symbols.cuDeviceTotalMem_v2(bytes, device);
  const capability = CAPABILITY.map((attribute) =>
    number((slot) => symbols.cuDeviceGetAttribute(slot, attribute, device))
  );
  return {
    name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
    capability: capability.join("."),
    memory: Number(bytes[0]),
  };
}

function describeError({ symbols }: DriverLibrary, result: number): string {
  const slot = new BigUint64Array(1);
  symbols.cuGetErrorString(result, slot);
  const pointer = Deno.UnsafePointer.create(slot[0] ?? 0n);
  return pointer === null ? `error ${result}` : Deno.UnsafePointerView.getCString(pointer);
}

const inContainer = "start a container with the machine's GPUs (docker: --gpus all; Apptainer: --nv)";

function openDriver(): DriverLibrary | string {
  try {
    return Deno.dlopen(DRIVER_LIBRARY, functions);
  } catch (error) {
    return loaderSentence(error);
  }
}

/** Looks for NVIDIA's driver, its library and its GPUs. */
export function examineNvidia(system: SystemCalls): NvidiaReport {
  const kernelModule = readKernelModule(system);
  const library = openDriver();
  if (typeof library === "string") {
    const fault = `NVIDIA's driver ${kernelModule} is loaded, but its library is not on the loader's paths, ` +
      `LD_LIBRARY_PATH among them (${library}): ${inContainer}, or install all of the driver`;
    return { kernelModule, library: null, cuda: null, gpus: [], fault: kernelModule === null ? null : fault };
  }
  try {
    const version = number((slot) => library.symbols.cuDriverGetVersion(slot));
    const result = library.symbols.cuInit(0);
    const count = result === 0 ? number((slot) => library.symbols.cuDeviceGetCount(slot)) : 0;
    const reason = result === 0 ? "it gives no GPU" : describeError(library, result);
    return {
      kernelModule,
      library: new RegExp(`/\\S*/libcuda\\.so\\S*`).exec(system.read("/proc/self/maps") ?? "")?.[0] ?? DRIVER_LIBRARY,
      cuda: `${Math.floor(version / 1000)}.${Math.floor(version % 1000 / 10)}`,
      gpus: Array.from({ length: count }, (_, index) => describeGpu(library, index)),
      fault: count > 0
        ? null
        : `NVIDIA's driver is there, but no GPU can be used (${reason}): ${inContainer}, look at CUDA_VISIBLE_DEVICES, ` +
          "and at what nvidia-smi says",
    };
  } finally {
    library.close();
  }
}
