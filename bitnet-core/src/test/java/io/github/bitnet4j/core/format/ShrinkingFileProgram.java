package io.github.bitnet4j.core.format;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.core.tools.CheckReport;
import io.github.bitnet4j.core.tools.ConvertOptions;
import io.github.bitnet4j.core.tools.ConvertOptions.Target;
import io.github.bitnet4j.core.tools.ModelChecker;
import io.github.bitnet4j.core.tools.ModelConverter;
import io.github.bitnet4j.core.tools.ModelInspector;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads a model again and again while another thread cuts its file short. Prints for each round
 * {@code read}, or the class and the message of what was thrown.
 */
final class ShrinkingFileProgram {
  private ShrinkingFileProgram() {}

  /** Takes what to do, the model, its weight file as a copy, a folder, and how many rounds. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path model = Path.of(args[1]);
    Path weights = Path.of(args[2]);
    Path folder = Path.of(args[3]);
    Path whole = Files.copy(weights, folder.resolve("whole"));
    long start = System.nanoTime();
    read(args[0], model, folder);
    Random random = new Random(5);
    long size = Files.size(whole);
    for (int round = 0; round < Integer.parseInt(args[4]); round++) {
      Files.copy(whole, weights, StandardCopyOption.REPLACE_EXISTING);
      start = System.nanoTime();
      read(args[0], model, folder); // the code becomes faster from round to round
      long takes = System.nanoTime() - start;
      long delay = (long) (takes * random.nextDouble());
      long length = (long) (size * random.nextDouble());
      CountDownLatch started = new CountDownLatch(1);
      Thread cutter =
          Thread.ofPlatform()
              .start(
                  () -> {
                    started.countDown();
                    LockSupport.parkNanos(delay);
                    try (FileChannel file = FileChannel.open(weights, StandardOpenOption.WRITE)) {
                      file.truncate(length);
                    } catch (IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      started.await();
      try {
        System.out.println(read(args[0], model, folder));
      } catch (Exception | Error e) {
        System.out.println(e.getClass().getName() + ": " + e.getMessage());
      }
      cutter.join();
    }
    System.out.println("end");
  }

  private static String read(String what, Path model, Path folder) throws IOException {
    switch (what) {
      case "load" -> Model.load(model, LoadOptions.builder().threads(2).build()).close();
      case "copy" -> Model.load(model, LoadOptions.builder().copyWeights(true).build()).close();
      case "prepare" -> {
        Path file = folder.resolve("prepared");
        Files.deleteIfExists(file);
        Model.load(model, LoadOptions.builder().preparedFile(file).build()).close();
      }
      case "inspect" -> ModelInspector.inspect(model);
      case "check" -> {
        CheckReport report = ModelChecker.check(model, LoadOptions.defaults());
        return "read: " + report.findings();
      }
      case "convert" ->
          ModelConverter.convert(
              model,
              folder.resolve("out.gguf"),
              ConvertOptions.builder().target(Target.I2_S).overwrite(true).build());
      default -> throw new IllegalArgumentException(what);
    }
    return "read";
  }
}
