package io.github.bitnet4j.core.constraint;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.tokenizer.Tokenizer;
import io.github.bitnet4j.tokenizer.benchmarks.SharedFiles;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The masks of one text of a typical schema, with the vocabulary of Llama 3 (128256 ids, as BitNet
 * b1.58 2B-4T); times are for one token.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class ConstraintBenchmark {
  private static final int VOCAB_SIZE = 128_256;
  private static final int EOT = 128_009;

  /** Tokens of the text. */
  private static final int TOKENS = 67;

  private static final OutputConstraint SCHEMA =
      OutputConstraint.jsonSchema(
          """
          {"type": "object",
           "properties": {
             "name": {"type": "string"},
             "age": {"type": "integer", "minimum": 0, "maximum": 150},
             "email": {"type": "string", "maxLength": 40},
             "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
             "role": {"enum": ["admin", "user", "guest"]},
             "address": {"type": "object",
               "properties": {"city": {"type": "string"},
                 "zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
               "required": ["city", "zip"]}},
           "required": ["name", "age", "email", "tags", "role", "address"]}
          """);

  private static final String TEXT =
      """
      {"name": "John Smith the \u00C9l\u00E9gant \u6F22\u5B57 \uD83D\uDE00", "age": 42, \
      "email": "john.smith@example.com", "tags": ["alpha", "beta gamma delta"], "role": "user", \
      "address": {"city": "New York City", "zip": "12345"}}\
      """;

  private Tokenizer tokenizer;
  private Vocabulary vocabulary;
  private Program program;
  private CompiledConstraint used;
  private int[] ids;

  /** Loads the vocabulary and checks that the text is allowed. */
  @Setup
  public void setUp() throws IOException {
    tokenizer =
        Tokenizer.load(
            SharedFiles.unpackTokenizerJson(SharedFiles.get("tokenizer/llama3/tokenizer.json.gz")));
    vocabulary = new Vocabulary(tokenizer, VOCAB_SIZE, List.of(EOT));
    program = GrammarCompiler.compile(GrammarSource.read(SCHEMA));
    used = new CompiledConstraint(vocabulary, program);
    ids = tokenizer.encode(TEXT);
    long[] last = write(used);
    if (ids.length != TOKENS || !TokenMask.contains(last, EOT) || TokenMask.count(last) != 1) {
      throw new IllegalStateException("the text is not complete");
    }
  }

  private long[] write(CompiledConstraint constraint) {
    ConstraintState state = new ConstraintState(constraint, vocabulary, true);
    for (int id : ids) {
      if (!TokenMask.contains(state.mask(), id)) {
        throw new IllegalStateException("token " + id + " is not allowed");
      }
      state.accept(id);
    }
    return state.mask();
  }

  /** All masks of a text, with a constraint that is used for the first time. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public long[] firstText() {
    return write(new CompiledConstraint(vocabulary, program));
  }

  /** All masks of a text that a constraint knows. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public long[] knownText() {
    return write(used);
  }

  /** Reading the schema and preparing it. */
  @Benchmark
  public Object compile() {
    return GrammarCompiler.compile(GrammarSource.read(SCHEMA));
  }

  /** Preparing the vocabulary, once for a model. */
  @Benchmark
  public Object vocabulary() {
    return new Vocabulary(tokenizer, VOCAB_SIZE, List.of(EOT));
  }
}
