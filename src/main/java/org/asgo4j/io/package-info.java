// SPDX-License-Identifier: Apache-2.0
/**
 * Tensors in files: the safetensors format, read by mapping and written atomically.
 *
 * <pre>
 *   ┌─────────┬─────────────────────────────────────────┬───────────────┬───────────────┐
 *   │ 8 bytes │ {"__metadata__":{…},"w":{"dtype":"F32", │ values of one │ values of the │
 *   │ N       │  "shape":[3,8],"data_offsets":[0,96]},…}│ tensor        │ next, no gap  │
 *   └─────────┴─────────────────────────────────────────┴───────────────┴───────────────┘
 *               N bytes: read and checked by open()       mapped: pages are read when touched
 *
 *   SafetensorsWriter ──▶ file.tmp ── force ──▶ rename over file      Safetensors.open(file) ──▶ tensor("w")
 * </pre>
 *
 * <p>A file is an eight-byte little-endian header length, a JSON header that names each tensor's type, shape and byte
 * range, and then the values. {@link org.asgo4j.io.Safetensors} maps the file, so opening a checkpoint of any size
 * reads only its header, and the tensors handed out are read-only views. {@link org.asgo4j.io.SafetensorsWriter} writes
 * a temporary file, forces it to disk and renames it, so a crash at any moment leaves either the old file or the new
 * one.
 *
 * <p>Files come from strangers, so the reader believes nothing: every number is checked before it is used, the byte
 * ranges must tile the data exactly, and anything else is a {@link org.asgo4j.io.SafetensorsException} that names both
 * sides. For that reason the JSON reader is our own: it pulls exactly the shape a header may have, never builds a tree,
 * and so can't be made to recurse or to allocate more than a small multiple of the header's length.
 */
package org.asgo4j.io;
