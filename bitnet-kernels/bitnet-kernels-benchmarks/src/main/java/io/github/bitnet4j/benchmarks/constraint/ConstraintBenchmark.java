package io.github.bitnet4j.benchmarks.constraint;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.core.constraint.ConstraintState;
import io.github.bitnet4j.core.constraint.ModelConstraints;
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

  /** More than a model keeps, so that each is compiled again when they are used one by one. */
  private static final int SCHEMAS = 20;

  private static final String SCHEMA =
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
      """;

  private static final String TEXT =
      """
      {"name": "John Smith the \u00C9l\u00E9gant \u6F22\u5B57 \uD83D\uDE00", "age": 42, \
      "email": "john.smith@example.com", "tags": ["alpha", "beta gamma delta"], "role": "user", \
      "address": {"city": "New York City", "zip": "12345"}}\
      """;

  private final OutputConstraint[] schemas = new OutputConstraint[SCHEMAS];
  private Tokenizer tokenizer;
  private ModelConstraints constraints;
  private int[] ids;
  private int next;

  /** Loads the vocabulary and checks that the text is allowed. */
  @Setup
  public void setUp() throws IOException {
    tokenizer =
        Tokenizer.load(
            SharedFiles.unpackTokenizerJson(SharedFiles.get("tokenizer/llama3/tokenizer.json.gz")));
    for (int i = 0; i < SCHEMAS; i++) {
      schemas[i] = OutputConstraint.jsonSchema(SCHEMA + " ".repeat(i));
    }
    constraints = new ModelConstraints(tokenizer, VOCAB_SIZE, List.of(EOT));
    ids = tokenizer.encode(TEXT);
    long[] last = write(constraints.begin(schemas[0], true, () -> false));
    if (ids.length != TOKENS || !TokenMask.contains(last, EOT) || TokenMask.count(last) != 1) {
      throw new IllegalStateException("the text is not complete");
    }
  }

  private long[] write(ConstraintState state) {
    for (int id : ids) {
      if (!TokenMask.contains(state.mask(), id)) {
        throw new IllegalStateException("token " + id + " is not allowed");
      }
      state.accept(id);
    }
    return state.mask();
  }

  private ConstraintState compileNext() {
    next = (next + 1) % SCHEMAS;
    return constraints.begin(schemas[next], true, () -> false);
  }

  /** All masks of a text with a schema that is used for the first time, reading it included. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public long[] firstText() {
    return write(compileNext());
  }

  /** All masks of a text with a schema that was used before. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public long[] knownText() {
    return write(constraints.begin(schemas[0], true, () -> false));
  }

  /** Reading a schema and compiling it. */
  @Benchmark
  public Object compile() {
    return compileNext();
  }

  /** Preparing the vocabulary, once for a model, and compiling a schema. */
  @Benchmark
  public Object vocabulary() {
    return new ModelConstraints(tokenizer, VOCAB_SIZE, List.of(EOT))
        .begin(schemas[0], true, () -> false);
  }
}
