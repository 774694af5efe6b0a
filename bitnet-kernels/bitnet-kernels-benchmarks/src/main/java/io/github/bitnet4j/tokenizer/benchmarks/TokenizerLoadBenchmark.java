package io.github.bitnet4j.tokenizer.benchmarks;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;

/** Loading the {@code tokenizer.json} of Llama 3, 9 MB. jtokkit cannot read such a file. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsPrepend = "--enable-native-access=ALL-UNNAMED")
public class TokenizerLoadBenchmark {
  /** The tokenizer. */
  @Param({"bitnet4j", "djl"})
  public String library;

  private Path file;

  /** Unpacks the file. */
  @Setup
  public void setUp() {
    file = SharedFiles.unpackTokenizerJson(SharedFiles.get("tokenizer/llama3/tokenizer.json.gz"));
  }

  /** Loads the tokenizer. */
  @Benchmark
  public void load() {
    Library.load(library, file).close();
  }
}
