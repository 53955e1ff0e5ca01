package io.stillframe.storage.swift;

final class RegionOneContractTest extends SwiftContract {
    @Override
    TestContainer newContainer(SwiftLab lab) {
        return TestContainer.create(lab.password(), "RegionOne");
    }
}
