package io.github.bitnet4j.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VectorWidthTest {
  @Test
  void acceptsTheWidthsThatTheMachineHas() {
    assertThat(VectorWidth.unavailableReason("128", 128)).isEmpty();
    assertThat(VectorWidth.unavailableReason("128", 512)).isEmpty();
    assertThat(VectorWidth.unavailableReason("256", 256)).isEmpty();
    assertThat(VectorWidth.unavailableReason("512", 2048)).isEmpty();
  }

  @Test
  void rejectsWidthsThatTheMachineLacks() {
    assertThat(VectorWidth.unavailableReason("512", 256))
        .hasValue(
            "system property bitnet4j.vector.bits: this JVM has registers of 256 bits, found 512;"
                + " ask for at most 256");
    assertThat(VectorWidth.unavailableReason("256", 128)).isPresent();
  }

  @Test
  void rejectsOtherValues() {
    assertThat(VectorWidth.unavailableReason("wide", 512))
        .hasValue("system property bitnet4j.vector.bits: expected 128, 256 or 512, found \"wide\"");
    for (String value : new String[] {"", "0", "-128", "64", "0x100", "1024", "128 "}) {
      assertThat(VectorWidth.unavailableReason(value, 512)).as("'%s'", value).isPresent();
    }
  }

  @Test
  void rejectsMachinesWithoutVectors() {
    assertThat(VectorWidth.unavailableReason("128", 64))
        .hasValue("needs vector registers of at least 128 bits, this JVM uses 64");
  }
}
