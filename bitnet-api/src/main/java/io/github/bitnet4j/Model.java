package io.github.bitnet4j;

import io.github.bitnet4j.spi.ModelLoader;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A loaded language model: its weights, its tokenizer, and the threads that compute with them.
 *
 * <p>The weights stay in the mapped file; loading verifies them and copies as little as the kernels
 * allow. A model is immutable and thread-safe: any number of sessions may use it at the same time.
 * What sessions on several threads compute at the same time is computed together, in one pass over
 * the weights, and each session gets the tokens that it would get alone.
 *
 * <p>Whoever loads a model closes it, after its sessions. Example:
 *
 * <pre>{@code
 * try (Model model = Model.load(Path.of("bitnet-b1.58-2B-4T"));
 *     Session session = model.newSession()) {
 *   System.out.println(session.generate("Once upon a time").text());
 * }
 * }</pre>
 */
public interface Model extends AutoCloseable {
  /**
   * Loads a model with default options.
   *
   * @param path a Hugging Face model directory, a GGUF file (of a split model, any of its files),
   *     or a directory with exactly one GGUF model and no {@code config.json}
   * @throws NoSuchFileException if nothing is at the path
   * @throws ModelFormatException if the files cannot be used as a model; the message names the
   *     file, the place, what was expected and found
   * @throws IOException if reading fails
   * @throws IllegalStateException if no loader is on the class path or module path (add
   *     bitnet-core)
   */
  static Model load(Path path) throws IOException {
    return load(path, LoadOptions.defaults());
  }

  /**
   * Loads a model.
   *
   * @param path a Hugging Face model directory, a GGUF file (of a split model, any of its files),
   *     or a directory with exactly one GGUF model and no {@code config.json}
   * @param options kernels, threads, context length, progress
   * @throws NoSuchFileException if nothing is at the path
   * @throws ModelFormatException if the files cannot be used as a model; the message names the
   *     file, the place, what was expected and found
   * @throws IOException if reading fails
   * @throws KernelUnavailableException if the options name a kernel provider that cannot run here
   * @throws IllegalArgumentException if an option does not fit the model, such as a context length
   *     above the model's own
   * @throws IllegalStateException if no loader is on the class path or module path (add
   *     bitnet-core)
   */
  static Model load(Path path, LoadOptions options) throws IOException {
    return Loaders.find(
            ModelLoader.class,
            "add the dependency bitnet-core, or in a jlink image --add-modules"
                + " io.github.bitnet4j.core,io.github.bitnet4j.kernels.scalar,"
                + "io.github.bitnet4j.kernels.vector")
        .load(path, options);
  }

  /** Returns what this model is and how it was loaded. */
  ModelInfo info();

  /**
   * Returns the model's tokenizer.
   *
   * @throws IllegalStateException if the model directory has none; such a model takes token ids
   *     only
   */
  Tokenizer tokenizer();

  /**
   * Opens a session with an empty context. The caller closes it.
   *
   * @throws IllegalStateException if the model is closed
   */
  Session newSession();

  /**
   * Opens a session from a file that {@link Session#save} wrote: with the same conversation and KV
   * cache, it goes on as the saved one would have. The caller closes it.
   *
   * <p>The file may come from another machine, other kernels or another number of threads, but it
   * must have been saved with the same weights and {@link KvCacheType}. It is read whole and
   * verified; nothing of it stays in use. The first call for a model, or the first {@code save},
   * also reads all ternary weights once to tell it from others.
   *
   * @param file what {@link Session#save} wrote
   * @throws NoSuchFileException if nothing is at the path
   * @throws SessionFormatException if the file is damaged, of another kind, version, model or
   *     {@link KvCacheType}, or holds more tokens than this model's context
   * @throws IOException if reading fails
   * @throws IllegalStateException if the model is closed
   */
  Session restoreSession(Path file) throws IOException;

  /**
   * Releases the weights and stops the threads. Closing twice does nothing.
   *
   * @throws IllegalStateException if sessions are still open; the model then stays usable
   */
  @Override
  void close();
}
