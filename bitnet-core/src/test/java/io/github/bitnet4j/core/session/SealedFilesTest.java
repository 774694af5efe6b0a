package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.github.bitnet4j.ChatMessage;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.SessionFormatException;
import io.github.bitnet4j.core.TestModel;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.format.SealedFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Prepared files and session files whose content is wrong behind right checksums. {@code
 * -Dbitnet4j.sealedFiles=N} sets how many files each test tries, {@code -Dbitnet4j.seed=N} the
 * first seed.
 */
class SealedFilesTest {
  private static final int COUNT = Integer.getInteger("bitnet4j.sealedFiles", 100);
  private static final int FIRST_SEED = Integer.getInteger("bitnet4j.seed", 1);
  private static final int[] IDS = {1, 5, 9, 200, 31};

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"b158-tied, vector", "b158-tied, scalar", "b158-bf16-online, scalar"})
  void aPreparedFileIsUsedOrMadeAnew(String name, String kernels) throws IOException {
    Path file = folder.resolve("prepared");
    Path directory = SampleModels.golden(name);
    new TestModel(directory, kernels, 1, true, file).close();
    byte[] whole = Files.readAllBytes(file);
    int sections = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt(12);
    int refused = 0;
    for (int seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed++) {
      byte[] mutated = SealedFile.mutate(whole, 60 + 32 * sections, new Random(seed));
      SealedFile.sealPrepared(mutated, sections);
      Files.write(file, mutated);
      try (TestModel model = new TestModel(directory, kernels, 1, true, file)) {
        model.logits(IDS);
      } catch (ModelFormatException e) {
        refused++; // cut short within the first eight bytes
      } catch (RuntimeException | Error e) {
        fail("seed " + seed, e);
      }
      Files.delete(file);
    }
    System.out.printf("%s %s: %d of %d refused%n", name, kernels, refused, COUNT);
    assertThat(refused).isLessThan(COUNT / 10 + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16"})
  void aSessionFileIsRestoredOrRefused(KvCacheType type) throws IOException {
    Path file = folder.resolve("session");
    GenerationConfig config =
        GenerationConfig.builder().maxTokens(2).ignoreStopTokens(true).build();
    LoadOptions options = LoadOptions.builder().kvCache(type).threads(1).build();
    int refused = 0;
    int notFinite = 0;
    try (Model model = Model.load(SampleModels.TIED, options)) {
      byte[] whole = saved(model, file, config);
      int blockBytes = (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong(64);
      int headerBytes = whole.length - 2 * (blockBytes + 4);
      for (int seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed++) {
        byte[] mutated = SealedFile.mutate(whole, headerBytes, new Random(seed));
        SealedFile.sealSession(mutated, blockBytes);
        Files.write(file, mutated);
        try (Session session = model.restoreSession(file)) {
          session.generate(IDS, config);
        } catch (SessionFormatException e) {
          refused++;
        } catch (NonFiniteValueException e) {
          notFinite++;
        } catch (RuntimeException | Error e) {
          fail("seed " + seed, e);
        }
      }
      assertThat(((TransformerModel) model).kvMemory().liveBlocks()).isZero();
    }
    System.out.printf("%s: %d refused, %d not finite, of %d%n", type, refused, notFinite, COUNT);
    assertThat(refused).isPositive().isLessThan(COUNT);
  }

  private static byte[] saved(Model model, Path file, GenerationConfig config) throws IOException {
    try (Session session = model.newSession()) {
      int[] prompt = new Random(7).ints(66, 0, 290).toArray();
      session.generate(prompt, config);
      session.addMessage(ChatMessage.system("Be kind."));
      session.addMessage(ChatMessage.user("Who are you?"));
      session.save(file);
    }
    return Files.readAllBytes(file);
  }

  @Test
  void aValueThatIsNotFiniteIsRefused() throws IOException {
    Path file = folder.resolve("session");
    GenerationConfig config =
        GenerationConfig.builder().maxTokens(2).ignoreStopTokens(true).build();
    try (Model model = Model.load(SampleModels.TIED)) {
      byte[] bytes = saved(model, file, config);
      ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      int blockBytes = (int) header.getLong(64);
      int first = 88 + (int) header.getLong(56);
      header.putFloat(first + 400, Float.NaN);
      SealedFile.sealSession(bytes, blockBytes);
      Files.write(file, bytes);
      try (Session session = model.restoreSession(file)) {
        fail("restored at position " + session.position());
      } catch (SessionFormatException e) {
        assertThat(e).hasMessageContaining("finite");
      }
    }
  }
}
