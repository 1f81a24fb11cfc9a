import Testing

@testable import Encoding

@Suite struct SipHashTests {
  /// The key of the paper's appendix, bytes 0 to 15.
  private let hash = SipHash(key: 0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)

  @Test(
    arguments: [
      (0, 0x726F_DB47_DD0E_0E31), (1, 0x74F8_39C5_93DC_67FD), (7, 0xAB02_00F5_8B01_D137),
      (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5), (63, 0x958A_324C_EB06_4572),
    ] as [(UInt8, UInt64)])
  func `the reference's vectors come out`(count: UInt8, expected: UInt64) {
    #expect(hash.hash(of: 0..<count) == expected)
  }

  @Test func `another key gives another hash`() {
    #expect(SipHash(key: 1, 2).hash(of: [1]) != SipHash(key: 1, 3).hash(of: [1]))
  }
}
