package io.github.bitnet4j.core.format;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Loads a model, generates with it, cuts its file short, and generates again. Prints {@code same},
 * {@code other} or the class of what was thrown.
 */
final class TruncatingProgram {
  private TruncatingProgram() {}

  /** Takes the model, the file to be cut, the kernels, the threads, and whether to copy weights. */
  public static void main(String[] args) throws IOException {
    LoadOptions options =
        LoadOptions.builder()
            .kernels(args[2])
            .threads(Integer.parseInt(args[3]))
            .copyWeights(Boolean.parseBoolean(args[4]))
            .build();
    GenerationConfig config =
        GenerationConfig.builder().maxTokens(100).ignoreStopTokens(true).build();
    try (Model model = Model.load(Path.of(args[0]), options);
        Session session = model.newSession()) {
      int[] ids = {1, 2, 3};
      int[] before = {};
      for (int round = 0; round < 20; round++) { // until the kernels are compiled
        session.reset();
        before = session.generate(ids, config).ids();
      }
      try (FileChannel channel = FileChannel.open(Path.of(args[1]), StandardOpenOption.WRITE)) {
        channel.truncate(8192);
      }
      for (int round = 0; round < 3; round++) {
        try {
          session.reset();
          int[] after = session.generate(ids, config).ids();
          System.out.println(Arrays.equals(before, after) ? "same" : "other");
        } catch (InternalError e) {
          System.out.println(e.getClass().getName());
        }
      }
    }
    System.out.println("closed");
  }
}
