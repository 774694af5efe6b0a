package io.github.bitnet4j.core.session;

import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Tells the tokens that a repetition does not reach beyond: stop tokens, special tokens, and those
 * whose text contains one of some texts. Each token's text is looked at once. Belongs to one
 * generation.
 */
final class SequenceBreakers implements IntPredicate {
  private static final byte UNKNOWN = 0;
  private static final byte NO = 1;
  private static final byte YES = 2;

  private final TransformerModel model;
  private final List<String> texts;
  private byte[] verdicts = {};

  SequenceBreakers(TransformerModel model, List<String> texts) {
    this.model = model;
    this.texts = texts;
  }

  @Override
  public boolean test(int id) {
    if (id >= verdicts.length) {
      verdicts = Arrays.copyOf(verdicts, model.info().vocabSize());
    }
    if (verdicts[id] == UNKNOWN) {
      verdicts[id] = isBreaker(id) ? YES : NO;
    }
    return verdicts[id] == YES;
  }

  private boolean isBreaker(int id) {
    if (model.info().stopIds().contains(id)) {
      return true;
    }
    if (!model.hasTokenizer() || id >= model.tokenizer().vocabSize()) {
      return false;
    }
    Tokenizer tokenizer = model.tokenizer();
    return tokenizer.isSpecial(id) || texts.stream().anyMatch(tokenizer.tokenText(id)::contains);
  }
}
