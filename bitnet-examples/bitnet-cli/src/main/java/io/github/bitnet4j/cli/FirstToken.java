package io.github.bitnet4j.cli;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.TokenStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Random;

/**
 * The program that {@link FreshJvm} starts: loads a model, generates a token and says so at once,
 * generates some more and says what memory it takes. As small as a program with the library can be:
 * how long a command takes to understand its options is not the library's.
 *
 * <p>Prints lines of a name, a space and a number.
 */
final class FirstToken {
  static final int PROMPT_TOKENS = 8;
  static final int TOKENS = 16;

  private FirstToken() {}

  /**
   * Runs it.
   *
   * @param args path of the model, number of threads, type of the KV cache, whether masters are
   *     quantized and, if they are named, kernels
   */
  public static void main(String[] args) throws IOException {
    LoadOptions.Builder options = LoadOptions.builder().threads(Integer.parseInt(args[1]));
    options.kvCache(ModelOptions.kvCacheType(args[2]));
    options.quantizeMasters(Boolean.parseBoolean(args[3]));
    if (args.length > 4) {
      options.kernels(args[4]);
    }
    try (Model model = Model.load(Path.of(args[0]), options.build());
        Session session = model.newSession()) {
      long residentAfterLoad = Machine.residentBytes().orElse(-1);
      int[] ids = new Random(1).ints(PROMPT_TOKENS, 0, model.info().vocabSize()).toArray();
      GenerationConfig config =
          GenerationConfig.builder().maxTokens(TOKENS).ignoreStopTokens(true).build();
      try (TokenStream stream = session.stream(ids, config)) {
        Iterator<?> tokens = stream.iterator();
        tokens.next();
        print("firstToken", 1);
        print("loadMicros", model.info().loadTime().toNanos() / 1000);
        print("residentAfterLoad", residentAfterLoad);
        while (tokens.hasNext()) {
          tokens.next();
        }
      }
      print("residentAfterDecode", Machine.residentBytes().orElse(-1));
      print("kvCacheBytes", session.kvCacheBytes());
    }
  }

  private static void print(String name, long number) {
    System.out.println(name + " " + number);
  }
}
