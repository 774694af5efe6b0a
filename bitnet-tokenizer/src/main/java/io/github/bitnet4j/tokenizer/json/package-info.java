/** Reading of untrusted JSON files; shared with the model loader, not part of the API. */
@NullMarked
package io.github.bitnet4j.tokenizer.json;

import org.jspecify.annotations.NullMarked;
