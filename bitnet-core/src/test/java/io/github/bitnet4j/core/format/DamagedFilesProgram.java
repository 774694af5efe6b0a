package io.github.bitnet4j.core.format;

import io.github.bitnet4j.core.format.DamagedModel.Kind;
import io.github.bitnet4j.core.format.DamagedModel.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Damages a model thousands of times, see {@link DamagedModel}. It prints a line for each kind of
 * file, and ends with exit code 1 at the first file that neither loads nor is rejected, or that
 * takes too long.
 */
final class DamagedFilesProgram {
  private static final long LIMIT_NANOS = 60_000_000_000L;

  /** Every so many GGUF files are described and checked, too, which loads them twice more. */
  private static final int EXAMINED = 8;

  private final AtomicLong started = new AtomicLong(System.nanoTime());
  private final AtomicReference<String> current = new AtomicReference<>("nothing");

  private DamagedFilesProgram() {}

  /** Takes an empty folder, a kind of file, the first seed, and the number of seeds. */
  public static void main(String[] args) throws IOException {
    new DamagedFilesProgram()
        .run(
            Path.of(args[0]),
            Kind.valueOf(args[1]),
            Long.parseLong(args[2]),
            Integer.parseInt(args[3]));
  }

  private void run(Path folder, Kind kind, long firstSeed, int count) throws IOException {
    long start = System.nanoTime();
    DamagedModel model = DamagedModel.create(kind, Files.createDirectories(folder));
    if (model.run(model.original()) != Verdict.LOADED) {
      throw new AssertionError(kind + ": the undamaged model does not load");
    }
    Path original = Files.write(folder.resolve("original"), model.original());
    Thread watchdog = new Thread(this::watch);
    watchdog.setDaemon(true);
    watchdog.start();
    int loaded = 0;
    for (long seed = firstSeed; seed < firstSeed + count; seed++) {
      current.set("%s, seed %d".formatted(kind, seed));
      started.set(System.nanoTime());
      try {
        byte[] damaged = damage(kind, seed, model.original(), original);
        loaded += model.run(damaged) == Verdict.LOADED ? 1 : 0;
        if (kind.file.endsWith(".gguf") && seed % EXAMINED == 0) {
          model.examine();
        }
      } catch (Throwable e) { // whatever it is, it must not escape
        System.out.println("ESCAPED " + current.get());
        e.printStackTrace(System.out);
        System.exit(1);
      }
    }
    System.out.printf(
        "%s: %d files, %d loaded, %d rejected, 0 escaped, %.1f s%n",
        kind, count, loaded, count - loaded, (System.nanoTime() - start) / 1e9);
  }

  private byte[] damage(Kind kind, long seed, byte[] bytes, Path original) throws IOException {
    switch (kind) {
      case GGUF_CONTENT, GGUF_BYTES -> {
        GgufMutator mutator = new GgufMutator(seed);
        byte[] damaged = kind == Kind.GGUF_BYTES ? mutator.bytes() : mutator.model(original);
        current.set("%s, seed %d: %s".formatted(kind, seed, mutator));
        return damaged;
      }
      default -> {
        Mutator mutator = new Mutator(seed);
        byte[] damaged =
            kind == Kind.SAFETENSORS && seed % 2 == 0
                ? mutator.damageHeader(bytes)
                : mutator.damage(bytes, kind.file.endsWith(".json"));
        current.set("%s, seed %d: %s".formatted(kind, seed, mutator));
        return damaged;
      }
    }
  }

  private void watch() {
    while (System.nanoTime() - started.get() < LIMIT_NANOS) {
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        return;
      }
    }
    System.out.println("TOO LONG " + current.get());
    Thread.getAllStackTraces()
        .forEach(
            (thread, stack) -> {
              System.out.println(thread);
              for (StackTraceElement frame : stack) {
                System.out.println("  at " + frame);
              }
            });
    Runtime.getRuntime().halt(1);
  }
}
