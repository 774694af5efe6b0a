package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the API does without bitnet-core, which is not on this class path. */
class ModelTest {
  @Test
  void loadingWithoutALoaderSaysWhichDependencyIsMissing() {
    assertThatIllegalStateException()
        .isThrownBy(() -> Model.load(Path.of("anything")))
        .withMessageContaining("io.github.bitnet4j.spi.ModelLoader")
        .withMessageContaining("add the dependency bitnet-core");
    assertThatIllegalStateException()
        .isThrownBy(() -> Model.load(Path.of("anything"), LoadOptions.defaults()))
        .withMessageContaining("add the dependency bitnet-core");
  }

  @Test
  void formatExceptionsNameTheFileFirst() {
    Path path = Path.of("model", "config.json");
    Exception cause = new Exception("why");
    ModelFormatException e = new ModelFormatException(path, "hidden_size: wrong", cause);
    assertThat(e).hasMessage(path + ": hidden_size: wrong").hasCause(cause);
    assertThat(e.path()).isEqualTo(path);
    assertThat(new ModelFormatException(path, "x").path()).isEqualTo(path);
  }

  @Test
  void overflowExceptionsTellBothLengths() {
    ContextOverflowException e = new ContextOverflowException(130, 128);
    assertThat(e)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 128 tokens")
        .hasMessageContaining("found 130");
    assertThat(e.tokens()).isEqualTo(130);
    assertThat(e.contextLength()).isEqualTo(128);
  }
}
