"""The U-Net for nowcasting: data, network, training, export and scores."""
