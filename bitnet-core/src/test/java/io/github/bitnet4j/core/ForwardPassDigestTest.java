package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every intermediate value of a forward pass and a text drawn with a seed, as digests that were
 * recorded once: a change of the code that changes one bit of one value, or the name or order of a
 * traced step, fails here. The digests are the same for all kernels and any number of threads.
 */
class ForwardPassDigestTest {
  private static final int TRACED_IDS = 37;
  private static final int GENERATED_IDS = 40;

  /** The model files and the SHA-256 of what they compute. */
  enum Subject {
    B158_TIED("b158-tied/hf", "f3f95976455d89c3ed7b3e82c1e0dc49fe7abfa7877ec3ad0cca14563eb56f06"),
    B158_TIED_I2_S(
        "b158-tied/model-i2_s.gguf",
        "f3f95976455d89c3ed7b3e82c1e0dc49fe7abfa7877ec3ad0cca14563eb56f06"),
    B158_TIED_I2_S_Q6_K(
        "b158-tied/model-i2_s-embd_q6_k.gguf",
        "f8ecc82f247437568168168bbb6813d81d79b94fdee45265e2a025e731a53096"),
    B158_TIED_TQ1_0(
        "b158-tied/model-tq1_0.gguf",
        "f3f95976455d89c3ed7b3e82c1e0dc49fe7abfa7877ec3ad0cca14563eb56f06"),
    B158_TIED_TQ2_0(
        "b158-tied/model-tq2_0.gguf",
        "f3f95976455d89c3ed7b3e82c1e0dc49fe7abfa7877ec3ad0cca14563eb56f06"),
    B158_UNTIED_SHARDED(
        "b158-untied-sharded/hf",
        "9336d88767ebb997d18da5f41a76dd958190b32cf467378b47c66ae92bd0c8d2"),
    B158_BF16_ONLINE(
        "b158-bf16-online/hf", "e0bd994679b000509e6fdbe5bb3bd37e1afbce8ec58ba882a96613d0b2c8a2a6"),
    LLAMA_BITLINEAR(
        "llama-bitlinear/hf", "3b58aa37c175028dfafde4b8e2967e75292ad30465f1dc253a5111614148cc17"),
    LLAMA_BITLINEAR_I2_S(
        "llama-bitlinear/model-i2_s.gguf",
        "9f3a0a68643abb081626bdbcc530d6d8c08d8bd514ec8790c864a698054fb9e7"),
    LLAMA_AUTOBITLINEAR(
        "llama-autobitlinear/hf",
        "bea870b4865ba4b270a65cbab7dd664a7a5af2fe832a09ab51aba9b36904c7ff"),
    LLAMA_BITLINEAR_RMSNORM(
        "llama-bitlinear-rmsnorm/hf",
        "3441eb020371054773bca282298beab84ff2a83bf689b297368af05c13b336f4"),
    OLD_1BITLLM(
        "old-1bitllm/hf", "ae1e607a364c5fb6c680f024df43ee48f0880809be1f77080dcad237a73e0a5d"),
    OLD_1BITLLM_I2_S(
        "old-1bitllm/model-i2_s.gguf",
        "ae1e607a364c5fb6c680f024df43ee48f0880809be1f77080dcad237a73e0a5d"),
    DEMO("", "82f386c885a67a1f2c9e1c355e311bfe141d2340329118dd6b91d03aabd1e483");

    final Path path;
    final String digest;

    Subject(String name, String digest) {
      path = name.isEmpty() ? Fixtures.DEMO_MODEL : Fixtures.path("golden/" + name);
      this.digest = digest;
    }
  }

  @BeforeAll
  static void checkVectorWidth() {
    ForcedVectorWidth.assumeThisMachineHasIt();
  }

  @ParameterizedTest
  @EnumSource
  void valuesAndTextAreTheRecordedOnes(Subject subject) throws Exception {
    for (String kernels : AvailableKernels.names()) {
      for (int threads : new int[] {1, 3}) {
        assertThat(digest(subject.path, kernels, threads))
            .as("%s, %s, %d threads", subject, kernels, threads)
            .isEqualTo(subject.digest);
      }
    }
  }

  private static String digest(Path path, String kernels, int threads)
      throws IOException, NoSuchAlgorithmException {
    LoadOptions options = LoadOptions.builder().kernels(kernels).threads(threads).build();
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    try (Model model = Model.load(path, options);
        Session session = model.newSession()) {
      int[] ids = Fixtures.randomIds(19, TRACED_IDS, model.info().vocabSize());
      for (TraceStep step : Trace.record(session, ids).steps()) {
        add(sha, step);
      }
      GenerationConfig config =
          GenerationConfig.builder()
              .temperature(0.9f)
              .topK(50)
              .topP(0.95f)
              .seed(7)
              .maxTokens(GENERATED_IDS)
              .ignoreStopTokens(true)
              .build();
      for (int id : session.generate(ids, config).ids()) {
        sha.update((id + " ").getBytes(StandardCharsets.US_ASCII));
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static void add(MessageDigest sha, TraceStep step) {
    String header = "%s %d x %d ".formatted(step.name(), step.rows(), step.columns());
    sha.update(header.getBytes(StandardCharsets.US_ASCII));
    ByteBuffer bits =
        ByteBuffer.allocate(Float.BYTES * step.rows() * step.columns())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < step.rows(); row++) {
      for (int column = 0; column < step.columns(); column++) {
        bits.putInt(Float.floatToRawIntBits(step.get(row, column)));
      }
    }
    sha.update(bits.flip());
  }
}
