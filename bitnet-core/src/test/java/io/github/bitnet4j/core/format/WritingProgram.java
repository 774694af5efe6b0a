package io.github.bitnet4j.core.format;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.tools.ConvertOptions;
import io.github.bitnet4j.core.tools.ConvertOptions.Target;
import io.github.bitnet4j.core.tools.ModelConverter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes a file again and again until it is killed, or a number of times: {@code convert}, {@code
 * directory}, {@code save} or {@code prepare}. Prints a line before each, and the message of an
 * exception.
 */
final class WritingProgram {
  private WritingProgram() {}

  /** Takes what to do, a model, the target, and how many times. */
  public static void main(String[] args) {
    Path model = Path.of(args[1]);
    Path target = Path.of(args[2]);
    for (int i = 0; i < Integer.parseInt(args[3]); i++) {
      System.out.println("round " + i);
      try {
        write(args[0], model, target);
      } catch (IOException e) {
        System.out.println("failed: " + e.getMessage());
      }
    }
    System.out.println("end");
  }

  private static void write(String what, Path model, Path target) throws IOException {
    switch (what) {
      case "convert" -> convert(model, target, Target.I2_S);
      case "directory" -> convert(model, target, Target.HUGGING_FACE);
      case "prepare" -> {
        // Two layouts in turn, so that each load replaces the file.
        for (String kernels : new String[] {"scalar", "vector"}) {
          LoadOptions options =
              LoadOptions.builder().preparedFile(target).kernels(kernels).threads(1).build();
          Model.load(model, options).close();
        }
      }
      case "save" -> {
        GenerationConfig config =
            GenerationConfig.builder().maxTokens(60).ignoreStopTokens(true).build();
        try (Model loaded = Model.load(model);
            Session session = loaded.newSession()) {
          session.generate(new int[] {1, 2, 3}, config);
          for (int i = 0; i < 20; i++) {
            session.save(target);
          }
        }
      }
      default -> throw new IllegalArgumentException(what);
    }
    System.out.println("wrote " + Files.exists(target));
  }

  private static void convert(Path model, Path target, Target type) throws IOException {
    ModelConverter.convert(
        model, target, ConvertOptions.builder().target(type).overwrite(true).build());
  }
}
