package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.core.logits.TokenMask;
import io.github.bitnet4j.tokenizer.StreamingDecoder;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ConstraintStateTest {
  private static final Tokenizer BYTES = TestVocabulary.byteLevel();
  private static final int END = BYTES.idOf("<|end|>").orElseThrow();

  private static final List<OutputConstraint> CONSTRAINTS =
      List.of(
          OutputConstraint.json(),
          OutputConstraint.jsonSchema(
              """
              {"type": "object", "additionalProperties": {"type": "string", "maxLength": 5},
               "properties": {
                 "name": {"type": "string", "minLength": 2},
                 "age": {"type": "integer", "minimum": -12, "maximum": 130},
                 "tags": {"type": "array", "items": {"enum": ["a", "\u4F60\u597D", "yes\\n"]}}},
               "required": ["name"]}\
              """),
          OutputConstraint.jsonSchema("{\"type\": \"string\", \"maxLength\": 30}"),
          OutputConstraint.jsonSchema("{\"type\": \"string\", \"pattern\": \"a+[^b]?$\"}"),
          OutputConstraint.gbnf("root ::= \"[\" (root (\",\" root)*)? \"]\" | [a-c\u4E00-\u9FFF]+"),
          OutputConstraint.gbnf("root ::= \"\\\"\" [^\"\\\\\\x00-\\x1F]{0,40} \"\\\" yes\" | .*"),
          OutputConstraint.regex("(yes|no|\u4F60?\u597D|\uD83D\uDE00)+ ?(abc)*"),
          OutputConstraint.choices("yes", "no", "\u4F60\u597D", "aab", "name\":"));

  private static ModelConstraints constraints() {
    return new ModelConstraints(BYTES, BYTES.vocabSize() + 70, List.of(END));
  }

  /** Every mask against every token, read byte by byte by an automaton of its own. */
  @Test
  void masksAllowExactlyTheTokensThatCanBeRead() {
    int tokens = 0;
    for (OutputConstraint constraint : CONSTRAINTS) {
      ModelConstraints model = constraints();
      Program program = Budgets.compile(constraint);
      for (int seed = 0; seed < 12; seed++) {
        Random random = new Random(seed);
        ConstraintState state = model.begin(constraint, true, () -> false);
        Automaton automaton = new Automaton(program, false, Budgets.token());
        State expected = automaton.start();
        for (int step = 0; step < 25 && !state.isFinished(); step++) {
          long[] mask = state.mask();
          for (int id = 0; id < 64 * mask.length; id++) {
            assertThat(TokenMask.contains(mask, id))
                .as("seed %d, %s, step %d: token %d", seed, constraint, step, id)
                .isEqualTo(mayFollow(automaton, expected, id));
          }
          int id = TestVocabulary.anyOf(mask, BYTES, random);
          if (id == END) {
            break;
          }
          state.accept(id);
          expected = read(automaton, expected, BYTES.tokenBytes(id));
          assertThat(state.isComplete()).isEqualTo(expected.complete);
          tokens++;
        }
      }
    }
    assertThat(tokens).isGreaterThan(500);
  }

  private static boolean mayFollow(Automaton automaton, State state, int id) {
    if (id >= BYTES.vocabSize() || BYTES.isSpecial(id)) {
      return id == END && state.complete;
    }
    return !read(automaton, state, BYTES.tokenBytes(id)).isDead();
  }

  private static State read(Automaton automaton, State from, byte[] bytes) {
    automaton.allowWork(Budgets.token());
    State state = from;
    for (byte b : bytes) {
      state = automaton.step(state, b & 0xFF);
    }
    return state;
  }

  @Test
  void charactersMayBeSplitAnywhere() {
    ModelConstraints model = constraints();
    OutputConstraint constraint =
        OutputConstraint.jsonSchema("{\"const\": \"\u4F60\uD83D\uDE00\"}");
    ConstraintState state = model.begin(constraint, true, () -> false);
    byte[] text = "\"\u4F60\uD83D\uDE00\"".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    for (int i = 0; i < text.length; i++) {
      assertThat(state.isFinished()).isFalse();
      assertThat(TokenMask.contains(state.mask(), text[i] & 0xFF)).isTrue();
      state.accept(text[i] & 0xFF);
    }
    assertThat(state.isFinished()).isTrue();
    long[] onlyEnd = state.mask();
    for (int id = 0; id < 64 * onlyEnd.length; id++) {
      assertThat(TokenMask.contains(onlyEnd, id)).isEqualTo(id == END);
    }
  }

  @Test
  void stopTokensAreAllowedExactlyWhereTheTextMayEnd() {
    ConstraintState state = constraints().begin(OutputConstraint.regex("ab?"), true, () -> false);
    assertThat(TokenMask.contains(state.mask(), END)).isFalse();
    state.accept('a');
    assertThat(TokenMask.contains(state.mask(), END)).isTrue();
    assertThat(TokenMask.contains(state.mask(), 'b')).isTrue();
    assertThat(state.isFinished()).isFalse();
    state.accept(END);
    assertThat(state.isComplete()).isTrue();
    state.accept('b');
    assertThat(state.isFinished()).isTrue();

    ConstraintState endless =
        constraints().begin(OutputConstraint.regex("ab?"), false, () -> false);
    endless.accept('a');
    assertThat(TokenMask.contains(endless.mask(), END)).isFalse();
  }

  @Test
  void refusesATokenThatIsNotAllowed() {
    ConstraintState state = constraints().begin(OutputConstraint.choices("yes"), true, () -> false);
    assertThatIllegalArgumentException().isThrownBy(() -> state.accept('n'));
    state.accept('y');
    assertThatIllegalArgumentException().isThrownBy(() -> state.accept('y'));
  }

  @Test
  void aVocabularyThatCannotGoOnIsReported() {
    // A stop token is no text, so nothing here writes a z.
    ModelConstraints model = new ModelConstraints(BYTES, BYTES.vocabSize(), List.of((int) 'z'));
    ConstraintState state = model.begin(OutputConstraint.choices("xz", "y"), false, () -> false);
    state.accept('x');
    assertThat(state.isFinished()).isFalse();
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(state::mask)
        .withMessageContaining("no token of the vocabulary continues the text");
    ConstraintState other = model.begin(OutputConstraint.regex("yz?"), false, () -> false);
    other.accept('y');
    assertThat(other.isFinished()).as("nothing can follow").isTrue();
  }

  /** The constraint is about the text that the decoder gives, which drops the first space. */
  @Test
  void theSpaceThatSentencePieceDropsDoesNotCount() {
    Tokenizer tokenizer = TestVocabulary.sentencePiece();
    int end = tokenizer.idOf("</s>").orElseThrow();
    ModelConstraints model = new ModelConstraints(tokenizer, tokenizer.vocabSize(), List.of(end));
    for (String choice : new String[] {"yes", " yes", "no yes"}) {
      for (int seed = 0; seed < 40; seed++) {
        ConstraintState state = model.begin(OutputConstraint.choices(choice), true, () -> false);
        StreamingDecoder decoder = tokenizer.newStreamingDecoder(true);
        Random random = new Random(seed);
        var text = new StringBuilder();
        while (!state.isFinished()) {
          int id = TestVocabulary.anyOf(state.mask(), tokenizer, random);
          text.append(decoder.accept(id));
          state.accept(id);
        }
        assertThat(text.append(decoder.finish()).toString()).as("seed %d", seed).isEqualTo(choice);
      }
    }
  }

  /** A text deeper than what is kept: the automaton is replaced on the way. */
  @Test
  void whatIsKeptIsBounded() {
    ModelConstraints model = constraints();
    OutputConstraint constraint =
        OutputConstraint.gbnf(
            "root ::= \"[\" root \"]\" | [ab]{2,200000} \"[\" root \"]\" | \"x\"");
    ConstraintState early = model.begin(constraint, true, () -> false);
    early.accept('[');
    ConstraintState state = model.begin(constraint, true, () -> false);
    int depth = 0;
    for (int i = 0; i < 60_000; i++) {
      boolean opens = i % 5 == 4 || i < 2;
      state.accept(opens ? '[' : 'a');
      depth += opens ? 1 : 0;
    }
    state.accept('[');
    depth++;
    assertThat(TokenMask.contains(state.mask(), 'x')).isTrue();
    state.accept('x');
    for (int i = 0; i < depth; i++) {
      assertThat(state.isFinished()).isFalse();
      state.accept(']');
    }
    assertThat(state.isFinished()).isTrue();
    early.accept('x');
    early.accept(']');
    assertThat(early.isFinished()).isTrue();
  }

  @Test
  void threadsShareAConstraint() throws Exception {
    ModelConstraints model = constraints();
    List<String> expected = new ArrayList<>();
    for (int seed = 0; seed < 8; seed++) {
      expected.add(write(constraints(), CONSTRAINTS.get(1), seed));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<String>> texts = new ArrayList<>();
      for (int seed = 0; seed < 8; seed++) {
        int mine = seed;
        texts.add(threads.submit(() -> write(model, CONSTRAINTS.get(1), mine)));
      }
      for (int seed = 0; seed < 8; seed++) {
        assertThat(texts.get(seed).get()).isEqualTo(expected.get(seed));
      }
    }
  }

  private static String write(ModelConstraints model, OutputConstraint constraint, int seed) {
    ConstraintState state = model.begin(constraint, true, () -> false);
    StreamingDecoder decoder = BYTES.newStreamingDecoder(true);
    Random random = new Random(seed);
    var text = new StringBuilder();
    for (int step = 0; step < 200 && !state.isFinished(); step++) {
      int id = TestVocabulary.anyOf(state.mask(), BYTES, random);
      if (id == END) {
        break;
      }
      state.accept(id);
      text.append(decoder.accept(id));
    }
    return text.append(decoder.finish()).toString();
  }
}
