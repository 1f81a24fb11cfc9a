import Encoding

/// What a member of a zip archive holds.
public struct ZipContents: Sendable {
  /// The contents; nil where they cannot be unpacked.
  public internal(set) var bytes: ArraySlice<UInt8>?
  /// Whether they are new memory; a stored member shares the archive's.
  public internal(set) var isUnpacked = false
  /// What an honest member does not have.
  public internal(set) var irregularities: [ArchiveIrregularity] = []
}

/// How the contents of a member are packed (APPNOTE 4.4.5).
private enum ZipMethod {
  static let stored: UInt16 = 0
  static let deflate: UInt16 = 8
  static let bzip2: UInt16 = 12
  static let lzma: UInt16 = 14
  static let xz: UInt16 = 95
  static let aes: UInt16 = 99

  /// Methods that exist, and are not unpacked here.
  static let names: [UInt16: String] = [
    1: "shrink", 2: "reduce", 3: "reduce", 4: "reduce", 5: "reduce", 6: "implode", 9: "deflate64",
    10: "PKWARE implode", 16: "IBM CMPSC", 18: "IBM TERSE", 19: "IBM LZ77", 20: "zstd", 93: "zstd",
    94: "MP3", 96: "JPEG", 97: "WavPack", 98: "PPMd",
  ]
}

extension ZipArchive {
  /// Unpacks a member as far as the budget goes, and holds it against its checksum and sizes.
  public func contents(of member: ZipMember, budget: ReadingBudget) -> ZipContents {
    var contents = ZipContents()
    guard let offset = member.dataOffset, let packed = bytes.window(at: offset, count: member.compressedSize)
    else { return contents }
    func note(_ kind: ArchiveIrregularity.Kind, _ message: String) {
      contents.irregularities.append(
        ArchiveIrregularity(kind, message, member: member.name, at: offset))
    }
    // What was found without the directory may well break off; that there is no entry for it is said already.
    let isListed = member.entryOffset != nil
    let isObscured = !member.flags.isDisjoint(with: .obscuring)
    let outcome = unpack(member, packed, budget)
    switch outcome {
    case .success(let result):
      contents.bytes = result.bytes
      contents.isUnpacked = result.isUnpacked
      let sum = Checksum.crc32(result.bytes)
      if isObscured, sum != member.checksum {
        // Contents that only look as if they could be unpacked: encrypted bytes that are stored.
        contents.bytes = nil
        note(.encrypted, "expected contents that can be read, found encrypted ones")
      } else if isObscured {
        note(.flags, "expected encrypted contents, as the flags say, found plain ones")
      } else if isListed {
        if result.bytes.count != member.size {
          note(.size, "expected \(member.size) bytes of contents, found \(result.bytes.count)")
        }
        if sum != member.checksum {
          note(.checksum, "expected the checksum \(hex(member.checksum)), found \(hex(sum))")
        }
      }
      if result.leftOver > 0, isListed {
        note(
          .size,
          "expected the packed contents to end with the member, found \(result.leftOver) bytes behind them"
        )
      }
    case .failure(let irregular) where isObscured && irregular.kind != .bomb:
      note(.encrypted, "expected contents that can be read, found encrypted ones")
    case .failure(let irregular):
      if isListed || irregular.kind != .damaged { contents.irregularities.append(irregular) }
    }
    return contents
  }

  private struct Unpacked {
    var bytes: ArraySlice<UInt8>
    var isUnpacked: Bool
    /// How many packed bytes stand behind the end of the stream.
    var leftOver = 0
  }

  private func unpack(_ member: ZipMember, _ packed: ArraySlice<UInt8>, _ budget: ReadingBudget)
    -> Result<Unpacked, ArchiveIrregularity>
  {
    func failure(_ kind: ArchiveIrregularity.Kind, _ message: String) -> Result<Unpacked, ArchiveIrregularity>
    {
      .failure(ArchiveIrregularity(kind, message, member: member.name, at: member.dataOffset))
    }
    var unpacking: Unpacking
    let decoder: (any StreamDecoder)?
    switch member.method {
    case ZipMethod.stored: return .success(Unpacked(bytes: packed, isUnpacked: false))
    case ZipMethod.deflate:
      (unpacking, decoder) = (Unpacking("deflate", input: packed, budget: budget), InflateDecoder(.none))
    case ZipMethod.bzip2:
      (unpacking, decoder) = (Unpacking("bzip2", input: packed, budget: budget), BZip2Decoder())
    case ZipMethod.xz:
      (unpacking, decoder) = (Unpacking("xz", input: packed, budget: budget), LZMADecoder(alone: false))
    case ZipMethod.lzma:
      guard let header = lzmaHeader(of: member, packed) else {
        return failure(.damaged, "expected the properties of an LZMA stream, found other bytes")
      }
      (unpacking, decoder) = (Unpacking("lzma", input: packed, budget: budget), LZMADecoder(alone: true))
      unpacking.skip(4 + 5)
      // liblzma reads nothing while there is no room for a byte; a header alone fills none.
      var room: [UInt8] = [0]
      guard (try? decoder?.step(header[...], into: &room))?.consumed == header.count else {
        return failure(.damaged, "expected the properties of an LZMA stream, found others")
      }
    case ZipMethod.aes where ZipExtra(member.extra).aes != nil && member.flags.contains(.encrypted):
      return failure(.encrypted, "expected contents that can be read, found ones encrypted with AES")
    case let method:
      if packed.count == member.size, Checksum.crc32(packed) == member.checksum, member.entryOffset != nil {
        return failure(.method, "expected contents packed by method \(method), found plain ones")
      }
      guard let name = ZipMethod.names[method] else {
        return failure(.method, "expected a compression method that exists, found \(method)")
      }
      return failure(
        .unsupportedMethod,
        "expected contents stored or packed by deflate, found \(name), which is not unpacked")
    }
    guard let decoder else { return failure(.bomb, "no memory is left to unpack the contents") }
    unpacking.reserve(member.size)
    do throws(DecompressionFailure) {
      try unpacking.run(decoder)
    } catch {
      switch error {
      case .bomb(let detail, _): return failure(.bomb, detail)
      case .malformed(let detail, _): return failure(.damaged, detail)
      }
    }
    return .success(
      Unpacked(bytes: unpacking.output[...], isUnpacked: true, leftOver: unpacking.rest.count))
  }

  /// The header of a `.lzma` file for a member: the properties that stand before its stream, and the size.
  private func lzmaHeader(of member: ZipMember, _ packed: ArraySlice<UInt8>) -> [UInt8]? {
    guard let count = packed.window(at: 2, count: 2), UInt16(littleEndianBytes: count) == 5,
      let properties = packed.window(at: 4, count: 5)
    else { return nil }
    let size = member.flags.contains(.endMarker) ? UInt64.max : UInt64(clamping: member.size)
    return properties + size.littleEndianBytes
  }

  private func hex(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
