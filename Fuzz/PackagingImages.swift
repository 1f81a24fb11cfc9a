import Domain
import Packaging
import Provenance

/// Reads the input as a document, a layer or a program of an image, as its first byte chooses; whatever comes of it,
/// nothing traps, and a layer that is taken is what packing its files makes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzImages(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  do throws(Problem) {
    switch form % 8 {
    case 0: _ = try ImageIndex(parsing: input)
    case 1: _ = try ImageManifest(parsing: input)
    case 2: _ = try ImageConfiguration.unpackedDigests(parsing: input)
    case 3: _ = try ProgramFile.architecture(of: input)
    case 4: _ = try ImageTag(parsing: String(decoding: input, as: UTF8.self))
    case 5: _ = try layer(input, unpacked: Digest(of: []))
    case 7:
      if let name = try? RepositoryName(parsing: String(decoding: input, as: UTF8.self)) {
        precondition(!name.description.contains("..") && name.description.utf8.count <= 255, "a name is one")
      }
      let document = try ManifestDocument(parsing: input, as: nil)
      precondition(
        (try? ManifestDocument(parsing: input, as: document.mediaType)) == document,
        "what is sent as what it states is the same")
    default:
      let contents = try layer(stored(input), unpacked: Digest(of: input))
      precondition(contents.files.allSatisfy { !$0.path.utf8.contains(0) }, "a path is one")
      try open(contents)
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}

private func layer(_ bytes: [UInt8], unpacked: Digest) throws(Problem) -> LayerContents {
  try LayerContents(
    bytes, of: Descriptor(mediaType: .layer, digest: Digest(of: bytes), size: bytes.count), unpacked: unpacked
  )
}

/// Takes the layer for all that an image has.
private func open(_ contents: LayerContents) throws(Problem) {
  let configuration = #"{"architecture":"amd64","history":[{"created_by":"fuzzed: it"}]}"#
  _ = try OpenedImage(manifest: [], configuration: Array(configuration.utf8), layers: [contents, contents])
}

/// The bytes as gzip has them that packs nothing (RFC 1951 section 3.2.4).
private func stored(_ bytes: [UInt8]) -> [UInt8] {
  var output: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
  var rest = bytes[...]
  repeat {
    let block = rest.prefix(0xFFFF)
    rest = rest.dropFirst(block.count)
    let length = UInt16(block.count)
    output.append(rest.isEmpty ? 1 : 0)
    for number in [length, ~length] { output += [UInt8(number & 255), UInt8(number >> 8)] }
    output += block
  } while !rest.isEmpty
  var checksum: UInt32 = .max
  for byte in bytes {
    checksum ^= UInt32(byte)
    for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0xEDB8_8320 : 0) }
  }
  for number in [~checksum, UInt32(truncatingIfNeeded: bytes.count)] {
    output += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
  return output
}
