import Encoding

/// What a walk over an HDF5 file found: its objects with their attributes, and all that was odd.
///
/// Follows the HDF5 File Format Specification, version 3.0: superblocks 0 to 3, both kinds of object headers and
/// of groups. The numbers of datasets are never read; what may be inspected of them is where they come from.
public struct HDF5File: Sendable {
  /// The groups, datasets and named types that can be reached, the root first.
  public let objects: [HDF5Object]
  /// What was odd, in the order of the walk.
  public let observations: [HDF5Observation]
  /// Where the superblock stands; before it there are bytes that are not HDF5's.
  public let userBlockCount: Int

  /// The root group; nil where its header cannot be read.
  public var root: HDF5Object? { objects.first }
}

/// A group, a dataset or a named type of an HDF5 file.
public struct HDF5Object: Sendable {
  /// What an object is.
  public enum Kind: Sendable {
    case group
    /// An array; its raw bytes where they stand in one piece and are text or bytes without a type.
    case dataset(bytes: ArraySlice<UInt8>?)
    /// A named type, or an object with attributes alone.
    case other
  }

  /// The path from the root by which it was first reached: `/model_weights/dense`.
  public let path: String
  /// What it is.
  public internal(set) var kind: Kind
  /// Its attributes, in the order of the file.
  public internal(set) var attributes: [HDF5Attribute]

  /// The attribute of this name.
  public func attribute(_ name: String) -> HDF5Attribute? { attributes.first { $0.name == name } }
}

/// An attribute of an object.
public struct HDF5Attribute: Sendable {
  /// Its name.
  public let name: String
  /// Its strings, as bytes and without the padding; empty for an attribute that holds something else.
  public let texts: [ArraySlice<UInt8>]
  /// Where its message stands in the file.
  public let offset: Int
}

/// Something about an HDF5 file that no honest, known model has, or that is not read.
public struct HDF5Observation: Sendable {
  /// What was observed.
  public enum Kind: Sendable {
    /// A link to an object of another file.
    case externalLink(file: String, object: String)
    /// A link by path inside the file.
    case softLink(String)
    /// A link whose meaning a plug-in decides.
    case userDefinedLink(type: Int)
    /// A dataset whose bytes stand in another file.
    case externalFile(String)
    /// A dataset put together from datasets of other files.
    case virtualSource(String)
    /// A filter that is not built into the library.
    case filter(id: Int, name: String)
    /// A shape that no memory holds, or that is out of all proportion to the file.
    case dimensions(detail: String)
    /// A structure that contains itself.
    case cycle(detail: String)
    /// Groups nest deeper than any reader bears.
    case depth(detail: String)
    /// A structure that is not read.
    case notRead(String)
    /// Bytes after the end that the file states.
    case trailingBytes(count: Int)
    /// More of something than is looked at.
    case budget(detail: String)
    /// The bytes are not HDF5 at that place.
    case malformed(expected: String, found: String)
  }

  /// What was observed.
  public let kind: Kind
  /// Where, in bytes from the start of the input.
  public let offset: Int
  /// The path of the object that it is about.
  public let path: String
}

extension HDF5File {
  /// The eight bytes that a superblock begins with.
  public static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Where the superblock stands: at the start, or at 512 or a power of two beyond; nil where there is none.
  ///
  /// Looks at eight bytes at each of some twenty places.
  public static func superblock(in bytes: ArraySlice<UInt8>) -> Int? {
    if bytes.starts(with: signature) { return 0 }
    var offset = 512
    while offset + signature.count <= bytes.count, offset <= 1 << 40 {
      if bytes.dropFirst(offset).starts(with: signature) { return offset }
      offset *= 2
    }
    return nil
  }

  /// Reads a file; nil where there is no superblock.
  ///
  /// Goes on behind damage, so that what else there is gets seen. Takes time in proportion to the file.
  public static func read(_ bytes: ArraySlice<UInt8>, budget: ReadingBudget = .standard) -> HDF5File? {
    guard let start = superblock(in: bytes) else { return nil }
    return HDF5Reader(bytes, from: start, budget: budget).run()
  }
}
