package io.github.bitnet4j.tokenizer.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Encoding and decoding {@code ../shared/tokenizer/corpus.txt} with the vocabulary of Llama 3, on
 * one thread. The counter {@code megabytes} is UTF-8 text per second.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsPrepend = "--enable-native-access=ALL-UNNAMED")
public class TokenizerBenchmark {
  /** Ids of the corpus in one call, from the reference. */
  private static final int CORPUS_IDS = 573_913;

  /** The tokenizer. */
  @Param({"bitnet4j", "jtokkit", "djl"})
  public String library;

  private Library tokenizer;
  private String text;
  private double megabytes;
  private int[] ids;

  /** Loads the tokenizer and checks its ids. */
  @Setup
  public void setUp() throws IOException {
    Path packed = SharedFiles.get("tokenizer/llama3/tokenizer.json.gz");
    tokenizer = Library.load(library, SharedFiles.unpackTokenizerJson(packed));
    text = Files.readString(SharedFiles.get("tokenizer/corpus.txt"));
    megabytes = text.getBytes(StandardCharsets.UTF_8).length / 1e6;
    ids = tokenizer.encode(text);
    if (ids.length != CORPUS_IDS || !tokenizer.decode(ids).equals(text)) {
      throw new IllegalStateException(library + " gives other ids");
    }
  }

  /** Releases the tokenizer. */
  @TearDown
  public void tearDown() {
    tokenizer.close();
  }

  /** Encodes the whole corpus in one call. */
  @Benchmark
  public int[] encode(Rate rate) {
    rate.megabytes += megabytes;
    return tokenizer.encode(text);
  }

  /** Decodes all ids of the corpus in one call. */
  @Benchmark
  public String decode(Rate rate) {
    rate.megabytes += megabytes;
    return tokenizer.decode(ids);
  }

  /** Counts the work, which JMH turns into work per second. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Rate {
    /** Megabytes (a million bytes) of UTF-8. */
    public double megabytes;
  }
}
